import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameQueue, isSameFrame, type TimedFrame } from "./frame-queue.ts";

const DURATION = 40_000;
const frame = (index: number): TimedFrame => ({ mediaTime: index * DURATION, duration: DURATION });
const filled = (...indices: number[]) => {
	const queue = new FrameQueue<TimedFrame>();
	for (const index of indices) queue.add(frame(index));
	return queue;
};

describe("queue of decoded pictures", () => {
	it("gives the picture of the frame that the video shows, and returns what has passed", () => {
		const queue = filled(0, 1, 2, 3);
		expect(queue.take(2 * DURATION)).toEqual({ frame: frame(2), passed: [frame(0), frame(1)] });
		expect(queue.length).toBe(1);
	});

	it("gives no neighbour: without the very picture the base shows", () => {
		const queue = filled(0, 2);
		expect(queue.take(DURATION)).toEqual({ frame: undefined, passed: [frame(0)] });
		expect(queue.take(2 * DURATION).frame).toEqual(frame(2));
		expect(queue.take(3 * DURATION)).toEqual({ frame: undefined, passed: [] });
	});

	it("bears what rounding between clocks makes, up to half a frame", () => {
		expect(isSameFrame(frame(5), 5 * DURATION + 900)).toBe(true);
		expect(isSameFrame(frame(5), 5 * DURATION - DURATION / 2)).toBe(false);
		expect(isSameFrame({ mediaTime: 0, duration: 0 }, 400)).toBe(true);
	});

	it("keeps the order of time, whatever the order of arrival, and one picture a frame", () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 }),
				fc.integer({ min: 0, max: 30 }),
				(indices, shown) => {
					const queue = new FrameQueue<TimedFrame>();
					const replaced = indices
						.map((index) => queue.add(frame(index)))
						.filter((before) => before !== undefined);
					const distinct = [...new Set(indices)].sort((a, b) => a - b);
					expect(queue.length).toBe(distinct.length);
					expect(replaced.length).toBe(indices.length - distinct.length);
					const { frame: taken, passed } = queue.take(shown * DURATION);
					expect(taken).toEqual(distinct.includes(shown) ? frame(shown) : undefined);
					expect(passed).toEqual(distinct.filter((index) => index < shown).map(frame));
					expect(queue.clear()).toEqual(distinct.filter((index) => index > shown).map(frame));
				},
			),
			{ seed: 6 },
		);
	});

	it("counts what is ahead", () => {
		const queue = filled(1, 2, 3);
		expect(queue.between(DURATION, 3 * DURATION)).toBe(2);
		expect(queue.between(DURATION, 2 * DURATION)).toBe(1);
		expect(queue.find(2 * DURATION + 10)).toBe(queue.find(2 * DURATION));
		expect(queue.find(9 * DURATION)).toBeUndefined();
		expect(queue.end).toBe(3 * DURATION);
	});
});
