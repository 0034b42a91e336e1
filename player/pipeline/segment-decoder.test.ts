import { describe, expect, it, vi } from "vitest";
import type { FrameType } from "../../codec/bitstream/frame-header.ts";
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

/** Types of the frames of every segment, in order of time. */
type Pattern = readonly FrameType[];
const FORWARD: Pattern = ["intra", "inter", "inter", "inter", "inter"];
const BIDIRECTIONAL: Pattern = ["intra", "bidirectional", "inter", "bidirectional", "inter"];
const ORDER_OF_DECODING = [0, 2, 1, 4, 3];

/** First bytes of samples. */
const HEADERS: Readonly<Record<FrameType, number>> = { intra: 0 << 2, inter: 1 << 2, bidirectional: 2 << 2 };
const sampleAt = (timestamp: number, type: FrameType): Sample => {
	return { data: Uint8Array.of(HEADERS[type]), timestamp, duration: FRAME, sync: type === "intra" };
};
const pictureAt = (timestamp: number): Picture => ({ width: 16, height: 16, y: plane, u: plane, v: plane, timestamp });
const symbolsAt = (timestamp: number): FrameSymbols => ({
	type: "inter",
	q: 30,
	motion: undefined,
	quality: new Uint8Array(),
	directions: undefined,
	copied: undefined,
	latents: new Int16Array(),
	baseHash: undefined,
	pictureHash: undefined,
	timestamp,
	duration: FRAME,
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
	/** Also what reconstruction waits for. */
	readonly reconstruct?: (timestamp: number) => unknown;
	readonly paint?: (timestamp: number) => unknown;
	readonly bases?: (timestamps: readonly number[]) => readonly number[];
};

/** What is open and alive, and in which order the stages have had the frames. */
type Trace = {
	readonly counts: { open: number; alive: number };
	readonly parsed: number[];
	readonly reconstructed: number[];
	/** Milliseconds. */
	clock: number;
};

const RECONSTRUCTION = 10;
const PAINTING = 1;

const openWith =
	(trace: Trace, pattern: Pattern, faults: Faults) =>
	async ({ sequence }: SegmentMessage): Promise<OpenedSegment<number>> => {
		const { counts } = trace;
		const timestamps = Array.from({ length: FRAMES }, (_, i) => (sequence * FRAMES + i) * FRAME);
		const bases = faults.bases?.(timestamps) ?? timestamps;
		let reference = Number.NEGATIVE_INFINITY;
		return {
			samples: timestamps.map((timestamp, i) => sampleAt(timestamp, pattern[i] ?? "inter")),
			basePictures: (async function* () {
				counts.open++;
				try {
					for (const timestamp of bases) yield pictureAt(timestamp);
				} finally {
					counts.open--;
				}
			})(),
			parse: async ({ timestamp, data }, base) => {
				expect(Math.abs(base.timestamp - timestamp)).toBeLessThan(1500);
				trace.parsed.push(timestamp / FRAME);
				const fault = faults.parse?.(timestamp);
				if (fault !== undefined) throw fault;
				if (data[0] !== HEADERS.bidirectional) reference = timestamp;
				else if (reference < timestamp) throw new CodecError("missing-reference", "Nothing behind it.");
				return symbolsAt(timestamp);
			},
			reconstruct: async ({ timestamp }) => {
				trace.reconstructed.push(timestamp / FRAME);
				const fault = await faults.reconstruct?.(timestamp);
				if (fault !== undefined) throw fault;
				counts.alive++;
				trace.clock += RECONSTRUCTION;
				return timestamp;
			},
			paint: async (timestamp) => {
				const fault = faults.paint?.(timestamp);
				if (fault !== undefined) throw fault;
				trace.clock += PAINTING;
				return {
					image: { close: () => undefined } as ImageBitmap,
					picture: undefined,
					width: 16,
					height: 16,
					coveredWidth: 16,
					coveredHeight: 16,
				};
			},
			discard: () => counts.alive--,
		};
	};

function start(room: number, faults: Faults = {}, pattern = FORWARD) {
	const messages: FromWorker[] = [];
	const trace: Trace = { counts: { open: 0, alive: 0 }, parsed: [], reconstructed: [], clock: 0 };
	const { counts } = trace;
	const decoder = new SegmentDecoder(
		openWith(trace, pattern, faults),
		(message) => messages.push(message),
		room,
		() => trace.clock,
	);
	const timesOf = (type: "frame" | "decoded") =>
		messages.flatMap((message) => (message.type === type ? [message.mediaTime / FRAME] : []));
	const times = () => timesOf("frame");
	const until = (done: () => boolean) =>
		vi.waitFor(() => expect(done()).toBe(true), { timeout: 60_000, interval: 1 });
	const types = () => messages.map(({ type }) => type);
	return { decoder, messages, trace, counts, times, timesOf, types, until };
}

/** Long enough for what should not happen to happen. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 20));

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
		await rest();
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

describe("decoding of bidirectional frames", () => {
	it("decodes them after the frame behind them, and sends all pictures in order of time", async () => {
		const { decoder, messages, trace, counts, times, timesOf, until } = start(100, {}, BIDIRECTIONAL);
		decoder.push(segment(0));
		decoder.push(segment(1));
		await until(() => messages.filter(({ type }) => type === "done").length === 2);
		expect(times()).toEqual(range(0, 10));
		expect(timesOf("decoded")).toEqual(range(0, 10));
		const order = [...ORDER_OF_DECODING, ...ORDER_OF_DECODING.map((place) => FRAMES + place)];
		expect(trace.parsed).toEqual(order);
		expect(trace.reconstructed).toEqual(order);
		const last = messages.findIndex((m) => m.type === "decoded" && m.mediaTime === (FRAMES - 1) * FRAME);
		expect(messages[last + 1]).toEqual({ type: "done", epoch: 0, sequence: 0 });
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it("sends one picture at a time where there is room for one, and holds the one behind it", async () => {
		const { decoder, counts, times, until, types } = start(1, {}, BIDIRECTIONAL);
		decoder.push(segment(0));
		// Of a unit that waits, both pictures are alive before the first is sent, and one after it.
		for (const [sent, alive] of [2, 1, 2, 1].entries()) {
			await until(() => times().length === sent + 1 && counts.alive === alive);
			await rest();
			expect(times()).toEqual(range(0, sent + 1));
			decoder.release(1);
		}
		await until(() => types().includes("done"));
		expect(times()).toEqual(range(0, 5));
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it("leaves out those whose time has passed, and goes on within a unit when the clock does", async () => {
		const { decoder, counts, times, timesOf, until, types } = start(2, {}, BIDIRECTIONAL);
		decoder.push(segment(0));
		await until(() => times().length === 2 && counts.alive === 1);
		decoder.clock = 4 * FRAME;
		decoder.release(1);
		await until(() => types().includes("done"));
		expect(times()).toEqual([0, 1, 4]);
		expect(timesOf("decoded")).toEqual(range(0, 5));
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it.each([1, 2])("discards what a unit holds at a reset after %i pictures", async (room) => {
		const { decoder, messages, counts, times, until } = start(room, {}, BIDIRECTIONAL);
		decoder.push(segment(0));
		await until(() => times().length === room && counts.alive === 3 - room);
		decoder.reset(1);
		decoder.release(10);
		decoder.push(segment(3, 1));
		await until(() => messages.some((m) => m.type === "done" && m.epoch === 1));
		expect(times()).toEqual([...range(0, room), ...range(15, 20)]);
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it("discards what a unit holds at a reset while its second frame is reconstructed", async () => {
		const slow = Promise.withResolvers<undefined>();
		const reconstruct = (timestamp: number) => (timestamp === 3 * FRAME ? slow.promise : undefined);
		const painted: number[] = [];
		const paint = (timestamp: number) => void painted.push(timestamp / FRAME);
		const faults = { reconstruct, paint };
		const { decoder, messages, trace, counts, times, until } = start(100, faults, BIDIRECTIONAL);
		decoder.push(segment(0));
		await until(() => trace.reconstructed.includes(3) && counts.alive === 1);
		decoder.reset(1);
		decoder.push(segment(1, 1));
		slow.resolve(undefined);
		await until(() => messages.some((m) => m.type === "done" && m.epoch === 1));
		expect(times()).toEqual([0, 1, 2, ...range(5, 10)]);
		expect(painted).toEqual(times());
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it("discards what a unit holds when it is closed", async () => {
		const { decoder, counts, times, until } = start(1, {}, BIDIRECTIONAL);
		decoder.push(segment(0));
		await until(() => times().length === 1 && counts.alive === 2);
		await decoder.close();
		expect(counts).toEqual({ open: 0, alive: 0 });
	});

	it.each([
		// Where the fault is, and what has been sent by then at most.
		["parse", 4, 3],
		["parse", 3, 3],
		["reconstruct", 4, 3],
		["reconstruct", 3, 3],
		["paint", 3, 3],
		["paint", 4, 4],
	] as const)("fails the segment once where %s fails at frame %i of a unit", async (stage, place, sent) => {
		const fault = new CodecError("damaged-sample", "Broken.");
		const faults = { [stage]: (timestamp: number) => (timestamp === place * FRAME ? fault : undefined) };
		const { decoder, messages, counts, times, until } = start(100, faults, BIDIRECTIONAL);
		decoder.push(segment(0));
		decoder.push(segment(1));
		await until(() => messages.some((m) => m.type === "done" && m.sequence === 1));
		const failures = messages.filter(({ type }) => type === "failed");
		expect(failures).toMatchObject([{ sequence: 0, code: "damaged-sample", message: "Broken." }]);
		const before = times().filter((time) => time < FRAMES);
		expect(before).toEqual(range(0, before.length));
		expect(before.length).toBeLessThanOrEqual(sent);
		expect(times().filter((time) => time >= FRAMES)).toEqual(range(5, 10));
		expect(messages.some((m) => m.type === "done" && m.sequence === 0)).toBe(false);
		expect(counts).toEqual({ open: 0, alive: 0 });
		await decoder.close();
	});

	it.each([
		["before another at the end", ["intra", "inter", "inter", "bidirectional", "bidirectional"]],
		["before another", ["intra", "bidirectional", "bidirectional", "inter", "inter"]],
		["at the start", ["bidirectional", "bidirectional", "bidirectional", "bidirectional", "bidirectional"]],
	] satisfies [string, Pattern][])("fails a segment with one that lacks its reference %s", async (_, pattern) => {
		const { decoder, messages, counts, times, until } = start(100, {}, pattern);
		decoder.push(segment(0));
		await until(() => messages.some(({ type }) => type === "failed"));
		await rest();
		const failures = messages.filter(({ type }) => type === "failed");
		expect(failures).toMatchObject([{ sequence: 0, code: "missing-reference" }]);
		expect(times()).toEqual(range(0, times().length));
		expect(messages.some(({ type }) => type === "done")).toBe(false);
		await decoder.close();
		expect(counts).toEqual({ open: 0, alive: 0 });
	});

	it.each([
		["a unit of two", ["intra", "bidirectional", "inter", "inter", "bidirectional"]],
		["another inter frame", ["intra", "inter", "inter", "inter", "bidirectional"]],
	] satisfies [string, Pattern][])(
		"leaves one at the end, behind %s, to the base, and goes on",
		async (_, pattern) => {
			const { decoder, messages, trace, counts, times, timesOf, until, types } = start(100, {}, pattern);
			decoder.push(segment(0));
			decoder.push(segment(1));
			await until(() => messages.filter(({ type }) => type === "done").length === 2);
			const sent = [...range(0, 4), ...range(5, 9)];
			expect([times(), timesOf("decoded"), trace.parsed.toSorted()]).toEqual([sent, sent, sent]);
			const last = messages.findIndex((m) => m.type === "decoded" && m.mediaTime === 3 * FRAME);
			expect(messages[last + 1]).toEqual({ type: "done", epoch: 0, sequence: 0 });
			expect(types()).not.toContain("failed");
			expect(counts).toEqual({ open: 0, alive: 0 });
			await decoder.close();
		},
	);

	it("fails a segment without the base picture of a reference", async () => {
		const bases = (timestamps: readonly number[]) => timestamps.filter((_, i) => i !== 2);
		const { decoder, messages, counts, until } = start(100, { bases }, BIDIRECTIONAL);
		decoder.push(segment(0));
		await until(() => messages.some(({ type }) => type === "failed"));
		await rest();
		expect(messages.filter(({ type }) => type === "failed")).toMatchObject([{ code: "base-mismatch" }]);
		await decoder.close();
		expect(counts).toEqual({ open: 0, alive: 0 });
	});

	it("says of each picture what it took, though two of them come one right after the other", async () => {
		const { decoder, messages, trace, until } = start(100, {}, BIDIRECTIONAL);
		decoder.push(segment(0));
		await until(() => messages.some(({ type }) => type === "done"));
		const totals = messages.flatMap((m) => (m.type === "decoded" ? [m.times.total] : []));
		expect(totals).toEqual([11, 10.5, 11.5, 10.5, 11.5]);
		expect(totals.reduce((sum, total) => sum + total, 0)).toBe(trace.clock);
		await decoder.close();
	});
});
