import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockCosts, inheritance, type LumaPlane, ownCosts } from "./inheritance.ts";

const [WIDTH, HEIGHT] = [48, 32];
const BLOCKS = (WIDTH / 8) * (HEIGHT / 8);

/** A texture without end: the same wherever it is looked at. */
const texture = (x: number, y: number) =>
	128 + 60 * Math.sin(x * 0.9 + Math.cos(y * 0.7) * 2) * Math.cos(y * 0.5 - x * 0.2);

const plane = (sample: (x: number, y: number) => number): LumaPlane => ({
	width: WIDTH,
	height: HEIGHT,
	samples: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => sample(i % WIDTH, Math.floor(i / WIDTH))),
});
const moving = (t: number, speed: number) => plane((x, y) => texture(x + speed * t, y));
/** Another picture every time. */
const changing = (t: number) => plane((x, y) => texture(x * (1 + t), y * (2 + t) + 31 * t));
const costsOf = (pictures: readonly LumaPlane[]) =>
	pictures.slice(1).map((picture, i) => blockCosts(picture, pictures[i] as LumaPlane));
const inherited = (pictures: readonly LumaPlane[]) =>
	inheritance(ownCosts(pictures[0] as LumaPlane), costsOf(pictures));

describe("inheritance", () => {
	it("counts the pictures that follow where nothing moves", () => {
		const still = Array.from({ length: 8 }, () => moving(0, 0));
		for (const value of inherited(still)) expect(value).toBeCloseTo(3, 3);
		expect([...inherited(still.slice(0, 1))]).toEqual(Array(BLOCKS).fill(0));
	});

	it("follows what moves", () => {
		const pictures = Array.from({ length: 5 }, (_, t) => moving(t, 3));
		for (const { vectors } of costsOf(pictures)) {
			const inner = Array.from({ length: 4 }, (_, column) => vectors[2 * (column + 1 + WIDTH / 8)]);
			expect(inner).toEqual([3, 3, 3, 3]);
		}
		const values = [...inherited(pictures)];
		expect(Math.max(...values)).toBeGreaterThan(1.8);
	});

	it("sees that nothing is left of a picture that is replaced", () => {
		const pictures = [0, 1, 2, 3].map(changing);
		expect(Math.max(...inherited(pictures))).toBeLessThan(0.7);
	});

	it("tells what stays from what changes within a picture", () => {
		const pictures = [0, 1, 2, 3].map((t) => {
			const change = changing(t);
			return plane((x, y) => (x < 24 ? texture(x, y) : (change.samples[y * WIDTH + x] as number)));
		});
		const values = inherited(pictures);
		for (let row = 0; row < HEIGHT / 8; row++) {
			const [stays, changes] = [values[row * 6] as number, values[row * 6 + 5] as number];
			expect(stays).toBeGreaterThan(changes + 1);
		}
	});

	it("is finite and never negative, whatever the pictures", () => {
		const samples = fc.uint8Array({ minLength: WIDTH * HEIGHT, maxLength: WIDTH * HEIGHT });
		fc.assert(
			fc.property(fc.array(samples, { minLength: 1, maxLength: 4 }), (pictures) => {
				const values = inherited(pictures.map((s) => ({ width: WIDTH, height: HEIGHT, samples: s })));
				for (const value of values) {
					expect(value).toBeGreaterThanOrEqual(0);
					expect(Number.isFinite(value)).toBe(true);
				}
			}),
			{ seed: 4, numRuns: 20 },
		);
	});
});
