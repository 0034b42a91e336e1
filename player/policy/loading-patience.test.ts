import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadingPatience } from "./loading-patience.ts";

const MEGABYTES = 3_420_000;

describe("patience with a decoder that loads", () => {
	it("is two minutes where everything is here already", () => {
		expect(loadingPatience(undefined, 0)).toBe(120_000);
	});

	it("is never shorter than the transfer takes, and always ends", () => {
		const networks = fc.double({ min: 250_000, max: 1e9, noNaN: true });
		fc.assert(
			fc.property(networks, (bandwidth) => {
				const patience = loadingPatience(bandwidth, MEGABYTES);
				expect(patience).toBeGreaterThan((8000 * MEGABYTES) / bandwidth);
				expect(patience).toBeLessThan(10 * 60_000);
			}),
			{ seed: 6 },
		);
		for (const bandwidth of [undefined, 0, 1000]) {
			expect(loadingPatience(bandwidth, MEGABYTES)).toBe(loadingPatience(250_000, MEGABYTES));
		}
	});
});
