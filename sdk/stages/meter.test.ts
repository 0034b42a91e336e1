import { describe, expect, it } from "vitest";
import { Meter } from "./meter.ts";

const withClock = () => {
	const clock = { now: 100 };
	const meter = new Meter(() => clock.now);
	return { clock, meter };
};

describe("Meter", () => {
	it("tells the rate of the last seconds, not of all time", () => {
		const { clock, meter } = withClock();
		meter.framesTotal = 1000;
		for (let i = 0; i < 100; i++) {
			clock.now += 1;
			meter.encoded(40_000);
		}
		expect(meter.snapshot(0).fps).toBeCloseTo(1, 0);
		for (let i = 0; i < 400; i++) {
			clock.now += 0.05;
			meter.encoded(40_000);
		}
		const { fps, secondsLeft, framesEncoded, secondsEncoded } = meter.snapshot(0);
		expect(fps).toBeGreaterThan(17);
		expect(fps).toBeLessThan(21);
		expect(framesEncoded).toBe(500);
		expect(secondsEncoded).toBeCloseTo(20);
		expect(secondsLeft).toBeCloseTo(500 / fps);
	});

	it("sinks to nothing when nothing moves", () => {
		const { clock, meter } = withClock();
		for (let i = 0; i < 20; i++) {
			clock.now += 0.1;
			meter.encoded(40_000);
		}
		clock.now += 60;
		expect(meter.snapshot(0).fps).toBeLessThan(0.1);
	});

	it("names the stage that is waited for most, lately", async () => {
		const { clock, meter } = withClock();
		const wait = (stage: "base" | "upload" | "enhancement", seconds: number) =>
			meter.waiting(
				stage,
				(async () => {
					await Promise.resolve();
					clock.now += seconds;
				})(),
			);
		await wait("base", 1);
		await wait("enhancement", 2);
		expect(meter.snapshot(0).bottleneck).toBe("enhancement");
		clock.now += 20;
		meter.encoded(1);
		await wait("upload", 1);
		expect(meter.snapshot(0).bottleneck).toBe("upload");
	});

	it("tells bytes and average rate of each layer", () => {
		const { meter } = withClock();
		meter.addLayer({ track: "base", kind: "base", codec: "avc1.42c01e" });
		meter.coded("base", 1000, 500_000);
		meter.coded("base", 1000, 500_000);
		expect(meter.snapshot(7)).toMatchObject({
			bytesPending: 7,
			layers: [{ track: "base", kind: "base", codec: "avc1.42c01e", bytes: 2000, kilobitsPerSecond: 16 }],
		});
	});

	it("knows nothing of the time left before it has a rate and a total", () => {
		const { meter } = withClock();
		expect(meter.snapshot(0).secondsLeft).toBeUndefined();
	});
});
