import { describe, expect, it, vi } from "vitest";
import { CodecError } from "../../codec/errors.ts";
import type { FrameSymbols } from "../../codec/enhancement/frame-symbols.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { FromWorker, SegmentMessage } from "./messages.ts";
import { type OpenedSegment, SegmentDecoder } from "./segment-decoder.ts";

/** The decoder's order, flow and failures; what pictures look like is nothing to it, so here they are numbers. */

const FRAME = 40_000;
const FRAMES = 5;
const plane = new Uint8Array();
const bytes = new Uint8Array(new ArrayBuffer(0));

const sampleAt = (timestamp: number): Sample => ({ data: plane, timestamp, duration: FRAME, sync: false });
const pictureAt = (timestamp: number): Picture => ({ width: 16, height: 16, y: plane, u: plane, v: plane, timestamp });
const symbolsAt = (timestamp: number): FrameSymbols => ({
	type: "inter",
	q: 30,
	motion: undefined,
	quality: new Uint8Array(),
	copied: undefined,
	latents: new Int16Array(),
	baseHash: undefined,
	pictureHash: undefined,
	timestamp,
	duration: FRAME,
	bytes: { header: 0, motion: 0, latents: 0 },
});

const segment = (sequence: number, epoch = 0): SegmentMessage => ({
	type: "segment",
	epoch,
	sequence,
	base: { init: bytes, media: bytes },
	enhancement: { init: bytes, media: bytes },
	mediaStart: (sequence * FRAMES * FRAME) / 1e6,
});

type Faults = {
	readonly parse?: (timestamp: number) => unknown;
	readonly reconstruct?: (timestamp: number) => unknown;
	readonly bases?: (timestamps: readonly number[]) => readonly number[];
};

const openWith =
	(counts: { open: number; alive: number }, faults: Faults = {}) =>
	async ({ sequence }: SegmentMessage): Promise<OpenedSegment<number>> => {
		const timestamps = Array.from({ length: FRAMES }, (_, i) => (sequence * FRAMES + i) * FRAME);
		const bases = faults.bases?.(timestamps) ?? timestamps;
		return {
			samples: timestamps.map(sampleAt),
			basePictures: (async function* () {
				counts.open++;
				try {
					for (const timestamp of bases) yield pictureAt(timestamp);
				} finally {
					counts.open--;
				}
			})(),
			parse: async ({ timestamp }, base) => {
				expect(Math.abs(base.timestamp - timestamp)).toBeLessThan(1500);
				const fault = faults.parse?.(timestamp);
				if (fault !== undefined) throw fault;
				return symbolsAt(timestamp);
			},
			reconstruct: async ({ timestamp }) => {
				const fault = faults.reconstruct?.(timestamp);
				if (fault !== undefined) throw fault;
				counts.alive++;
				return timestamp;
			},
			paint: async () => ({
				image: { close: () => undefined } as ImageBitmap,
				picture: undefined,
				width: 16,
				height: 16,
				coveredWidth: 16,
				coveredHeight: 16,
			}),
			discard: () => counts.alive--,
		};
	};

function start(room: number, faults?: Faults) {
	const messages: FromWorker[] = [];
	const counts = { open: 0, alive: 0 };
	const decoder = new SegmentDecoder(
		openWith(counts, faults),
		(message) => messages.push(message),
		room,
		() => 0,
	);
	const times = () => messages.flatMap((message) => (message.type === "frame" ? [message.mediaTime / FRAME] : []));
	const until = (done: () => boolean) =>
		vi.waitFor(() => expect(done()).toBe(true), { timeout: 60_000, interval: 1 });
	const types = () => messages.map(({ type }) => type);
	return { decoder, messages, counts, times, types, until };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("decoding of segments", () => {
	it("sends the pictures of all segments in order, and says when a segment is done", async () => {
		const { decoder, messages, times, until, counts } = start(100);
		decoder.push(segment(0));
		decoder.push(segment(1));
		await until(() => messages.filter(({ type }) => type === "done").length === 2);
		expect(times()).toEqual(range(0, 10));
		const done = messages.flatMap((m) => (m.type === "done" ? [m.sequence] : []));
		expect(done).toEqual([0, 1]);
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it("sends no more pictures than the page has room for, and goes on when it frees some", async () => {
		const { decoder, times, until } = start(2);
		decoder.push(segment(0));
		await until(() => times().length === 2);
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(times()).toEqual([0, 1]);
		decoder.release(1);
		await until(() => times().length === 3);
		await decoder.close();
	});

	it("decodes pictures whose time has passed, and does not send them", async () => {
		const { decoder, times, until, types } = start(100);
		decoder.clock = 3 * FRAME;
		decoder.push(segment(0));
		await until(() => types().includes("done"));
		expect(times()).toEqual([3, 4]);
		expect(types().filter((type) => type === "decoded")).toHaveLength(FRAMES);
		await decoder.close();
	});

	it("places pictures on the media timeline by where the player put the first base picture", async () => {
		const { decoder, messages, until } = start(100);
		decoder.push({ ...segment(1), mediaStart: 7 });
		await until(() => messages.some(({ type }) => type === "done"));
		const frames = messages.flatMap((m) => (m.type === "frame" ? [[m.mediaTime, m.timestamp]] : []));
		expect(frames[0]).toEqual([7_000_000, FRAMES * FRAME]);
		expect(frames[4]).toEqual([7_000_000 + 4 * FRAME, (FRAMES + 4) * FRAME]);
		await decoder.close();
	});

	it("drops everything at a reset, and decodes what comes after it", async () => {
		const { decoder, messages, counts, until } = start(1);
		decoder.push(segment(0));
		decoder.push(segment(1));
		await until(() => messages.some(({ type }) => type === "frame"));
		decoder.reset(1);
		decoder.push(segment(0, 0)); // too late
		decoder.push(segment(4, 1));
		decoder.release(10);
		await until(() => messages.some((m) => m.type === "done" && m.epoch === 1));
		const late = messages.flatMap((m) => (m.type === "frame" && m.epoch === 1 ? [m.sequence] : []));
		expect(new Set(late)).toEqual(new Set([4]));
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it.each(["parse", "reconstruct"] as const)(
		"reports a segment that fails in %s once, and goes on with the next",
		async (stage) => {
			const fault = new CodecError("damaged-sample", "Broken.", { hint: "Wait." });
			const { decoder, messages, times, until } = start(100, {
				[stage]: (t: number) => (t === 2 * FRAME ? fault : undefined),
			});
			decoder.push(segment(0));
			decoder.push(segment(1));
			await until(() => messages.some((m) => m.type === "done" && m.sequence === 1));
			const failures = messages.filter(({ type }) => type === "failed");
			expect(failures).toEqual([
				{ type: "failed", epoch: 0, sequence: 0, code: "damaged-sample", message: "Broken.", hint: "Wait." },
			]);
			expect(
				times()
					.filter((time) => time < FRAMES)
					.every((time) => time < 2),
			).toBe(true);
			expect(times().filter((time) => time >= FRAMES)).toEqual(range(5, 10));
			await decoder.close();
		},
	);

	it("calls what is no typed error a fault of the backend", async () => {
		const { decoder, messages, until } = start(100, { reconstruct: () => new TypeError("lost") });
		decoder.push(segment(0));
		await until(() => messages.some(({ type }) => type === "failed"));
		expect(messages.find(({ type }) => type === "failed")).toMatchObject({
			code: "backend-failed",
			message: "lost",
		});
		await decoder.close();
	});

	it("passes over base pictures without a sample, and misses none that a sample needs", async () => {
		const extra = start(100, { bases: (timestamps) => [timestamps[0] as number, 1, ...timestamps.slice(1)] });
		extra.decoder.push(segment(0));
		await extra.until(() => extra.types().includes("done"));
		expect(extra.times()).toEqual(range(0, 5));
		await extra.decoder.close();
		const missing = start(100, { bases: (timestamps) => timestamps.filter((_, i) => i !== 2) });
		missing.decoder.push(segment(0));
		await missing.until(() => missing.types().includes("failed"));
		expect(missing.messages.find(({ type }) => type === "failed")).toMatchObject({ code: "base-mismatch" });
		await missing.decoder.close();
	});
});
