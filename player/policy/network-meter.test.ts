import { describe, expect, it } from "vitest";
import { NetworkMeter } from "./network-meter.ts";

/** Ten seconds of a network of 1 Mbit/s: 1250 bytes every 10 ms. */
const RATE = 1e6;
const BYTES = 125_000;

describe("measuring the network", () => {
	it("says nothing before enough has come", () => {
		const meter = new NetworkMeter();
		meter.add(1000, 0, 8);
		expect(meter.bandwidth).toBeUndefined();
	});

	it("measures transfers that come one after the other", () => {
		const meter = new NetworkMeter();
		for (let second = 0; second < 10; second++) meter.add(BYTES, 1000 * second, 1000 * second + 1000);
		expect(meter.bandwidth).toBeCloseTo(RATE, -3);
	});

	it("sees the whole network where transfers share it, finished or not", () => {
		const meter = new NetworkMeter();
		// One long transfer gets half, short ones beside it get the other half.
		const long = meter.begin(0);
		for (let second = 0; second < 10; second++) {
			const short = meter.begin(1000 * second);
			long.progress((BYTES / 2) * (second + 1));
			short.progress(BYTES / 2);
			short.end(1000 * second + 1000);
			expect(meter.bandwidth ?? RATE).toBeCloseTo(RATE, -3);
		}
		long.end(10_000);
		expect(meter.bandwidth).toBeCloseTo(RATE, -3);
	});

	it("counts a transfer once, and one that brought nothing not at all", () => {
		const meter = new NetworkMeter();
		meter.add(BYTES, 0, 1000);
		const before = meter.bandwidth;
		const failed = meter.begin(2000);
		failed.end(9000);
		failed.end(9500);
		expect(meter.bandwidth).toBe(before);
	});

	it("knows when what it measured is old, and then believes the next transfer", () => {
		const meter = new NetworkMeter();
		expect(meter.isSilent(1e6)).toBe(false);
		for (let second = 0; second < 10; second++) meter.add(BYTES, 1000 * second, 1000 * second + 1000);
		expect(meter.isSilent(15_000)).toBe(false);
		expect(meter.isSilent(25_000)).toBe(true);
		const before = meter.bandwidth ?? 0;
		const next = meter.begin(25_000);
		expect(meter.isSilent(60_000)).toBe(false);
		// Ten times as fast as before, for a tenth of a second.
		next.progress(BYTES);
		next.end(25_100);
		expect(meter.bandwidth).toBeGreaterThan(4 * before);
		expect(meter.bandwidth).toBeLessThan(10 * before);
	});

	it("takes a transfer of the same length for what it is where others came just before", () => {
		const meter = new NetworkMeter();
		for (let second = 0; second < 10; second++) meter.add(BYTES, 1000 * second, 1000 * second + 1000);
		const before = meter.bandwidth ?? 0;
		meter.add(BYTES, 10_500, 10_600);
		expect(meter.bandwidth).toBeLessThan(2 * before);
	});
});
