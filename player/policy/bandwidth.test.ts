import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimatedBandwidth, NO_BANDWIDTH_ESTIMATE, observeTransfer, TRUSTED_BYTES } from "./bandwidth.ts";

describe("bandwidth estimate", () => {
	it("says nothing before enough bytes were seen", () => {
		const few = observeTransfer(NO_BANDWIDTH_ESTIMATE, { bytes: TRUSTED_BYTES - 1, milliseconds: 100 });
		expect(estimatedBandwidth(NO_BANDWIDTH_ESTIMATE)).toBeUndefined();
		expect(estimatedBandwidth(few)).toBeUndefined();
		expect(estimatedBandwidth(observeTransfer(few, { bytes: 1000, milliseconds: 10 }))).toBeGreaterThan(0);
	});

	it("is the network's rate where that is constant, whatever the sizes of the transfers", () => {
		expect.hasAssertions();
		fc.assert(
			fc.property(
				fc.double({ min: 1e5, max: 1e8, noNaN: true }),
				fc.array(fc.integer({ min: 50_000, max: 5_000_000 }), { minLength: 1, maxLength: 30 }),
				(rate, sizes) => {
					const estimate = sizes.reduce(
						(state, bytes) => observeTransfer(state, { bytes, milliseconds: (8000 * bytes) / rate }),
						NO_BANDWIDTH_ESTIMATE,
					);
					// Shorter transfers than the clock can tell are counted as longer ones, on purpose.
					fc.pre(sizes.every((bytes) => (8000 * bytes) / rate >= 4));
					expect((estimatedBandwidth(estimate) ?? 0) / rate).toBeCloseTo(1, 6);
				},
			),
			{ seed: 1 },
		);
	});

	it("falls fast and rises slowly", () => {
		const second = (rate: number) => ({ bytes: rate / 8, milliseconds: 1000 });
		let steady = NO_BANDWIDTH_ESTIMATE;
		for (let i = 0; i < 20; i++) steady = observeTransfer(steady, second(4e6));
		const fallen =
			estimatedBandwidth([1, 2, 3].reduce((state) => observeTransfer(state, second(1e6)), steady)) ?? 0;
		const risen = estimatedBandwidth([1, 2, 3].reduce((state) => observeTransfer(state, second(7e6)), steady)) ?? 0;
		expect(4e6 - fallen).toBeGreaterThan(1.3 * (risen - 4e6));
		expect(fallen).toBeLessThan(2e6);
		expect(risen).toBeLessThan(6e6);
	});

	it("takes no notice of transfers that cannot be", () => {
		for (const transfer of [
			{ bytes: 0, milliseconds: 10 },
			{ bytes: Number.NaN, milliseconds: 10 },
			{ bytes: 1000, milliseconds: -1 },
			{ bytes: 1000, milliseconds: Number.NaN },
		]) {
			expect(observeTransfer(NO_BANDWIDTH_ESTIMATE, transfer)).toEqual(NO_BANDWIDTH_ESTIMATE);
		}
	});
});
