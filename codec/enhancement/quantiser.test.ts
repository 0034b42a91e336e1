import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symbolCosts } from "../entropy/tables.ts";
import { LATENT_PLANES } from "../model/model-file.ts";
import { dequantisePass, quantisePass } from "./quantiser.ts";

const grid = { width: 3, height: 2, cells: 6 };
const count = LATENT_PLANES * grid.cells;

const array = (low: number, high: number) =>
	fc.array(fc.integer({ min: low, max: high }), { minLength: count, maxLength: count });
/** Where errors cost so much, symbols are rounded. */
const rounding = new Float32Array(LATENT_PLANES).fill(1e9);
const inPass = (i: number, pass: number) => {
	const [x, y, c] = [i % 3, Math.floor(i / 3) % 2, Math.floor(i / 6)];
	return (x + y + c) % 2 === pass;
};

describe("the quantiser", () => {
	it("dequantises the positions of its pass, bounded, and no other", () => {
		fc.assert(
			fc.property(
				array(-255, 255),
				array(-1023, 1023),
				fc.constantFrom(0 as const, 1 as const),
				(symbols, mean, pass) => {
					const latents = new Int16Array(count).fill(9999);
					dequantisePass(Int16Array.from(symbols), Float32Array.from(mean), latents, grid, pass);
					latents.forEach((latent, i) => {
						const value = 16 * (symbols[i] as number) + (mean[i] as number);
						expect(latent).toBe(inPass(i, pass) ? Math.max(-4095, Math.min(4095, value)) : 9999);
					});
				},
			),
			{ seed: 1, numRuns: 20 },
		);
	});

	it("rounds to the nearest level where bits cost nothing, and to nothing where nothing is coded", () => {
		fc.assert(
			fc.property(array(-5000, 5000), array(-200, 200), array(0, 63), (values, mean, scale) => {
				const latents = Float32Array.from(values, (v) => v / 1000);
				const model = { mean: Float32Array.from(mean), scale: Uint8Array.from(scale) };
				const symbols = new Int16Array(count);
				quantisePass(latents, model, rounding, symbols, grid, 0);
				quantisePass(latents, model, rounding, symbols, grid, 1);
				const limits = Float64Array.from(scale, (index) => (index === 0 ? 0 : 0.5 + 1e-6));
				symbols.forEach((symbol, i) => {
					const difference = (latents[i] as number) - (mean[i] as number) / 16;
					const error = scale[i] === 0 ? symbol : difference - symbol;
					expect(Math.abs(error)).toBeLessThanOrEqual(limits[i] as number);
				});
			}),
			{ seed: 2, numRuns: 20 },
		);
	});

	it("never costs more by rate and distortion than by rounding", () => {
		const bits = symbolCosts();
		fc.assert(
			fc.property(array(-9000, 9000), array(0, 63), fc.integer({ min: 1, max: 80 }), (values, scale, weight) => {
				const latents = Float32Array.from(values, (v) => v / 1000);
				const model = { mean: new Float32Array(count), scale: Uint8Array.from(scale) };
				const weights = new Float32Array(LATENT_PLANES).fill(weight / 4);
				const cost = (costs: Float32Array) => {
					const symbols = new Int16Array(count);
					quantisePass(latents, model, costs, symbols, grid, 0);
					return Float64Array.from(symbols, (symbol, i) => {
						if (!inPass(i, 0)) return 0;
						const rate = bits[((scale[i] as number) << 8) | Math.abs(symbol)] as number;
						return rate + (weight / 4) * ((latents[i] as number) - symbol) ** 2;
					});
				};
				const [chosen, rounded] = [cost(weights), cost(rounding)];
				chosen.forEach((c, i) => expect(c).toBeLessThanOrEqual((rounded[i] as number) + 1e-6));
			}),
			{ seed: 3, numRuns: 20 },
		);
	});
});
