import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { frameTypeOf } from "../../codec/bitstream/frame-header.ts";
import type { FrameType } from "../../codec/bitstream/frame-header.ts";
import type { EnhancementEncoder } from "../../codec/enhancement/encoder.ts";
import { lookAhead } from "../../codec/enhancement/look-ahead.ts";
import { createExecutor } from "../../codec/model/create-executor.ts";
import type { Executor } from "../../codec/model/executor.ts";
import { BufferPool } from "../../codec/model/gpu-buffers.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import type { Model } from "../../codec/model/model-file.ts";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import { GpuPicture } from "../../codec/picture/gpu-picture.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import { decodePart } from "../../protocol/part.ts";
import { resolveOptions } from "../options.ts";
import { UploadJournal } from "../resume/upload-journal.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import type { VideoSource } from "../source/video-source.ts";
import type { OpenedBackend } from "../stages/backend.ts";
import type { CodedPair } from "../stages/base-stage.ts";
import { Gate } from "../stages/gate.ts";
import { Meter } from "../stages/meter.ts";
import { WaitClock } from "../stages/patience.ts";
import { Stills } from "../stages/stills.ts";
import { decodeLayered } from "../testing/decode.ts";
import { UploadClient } from "../transport/client.ts";
import { HttpClient } from "../transport/http.ts";
import { EnhancementLane } from "./enhancement-lane.ts";
import { Job } from "./job.ts";
import type { Layer } from "./job.ts";
import { Shipper } from "./shipper.ts";
import { Work } from "./work.ts";

const SIZE = { width: 64, height: 48 } as const;
const DURATION = 100_000;
const MODEL = new URL("../../models/crescendo-1", import.meta.url);

let model: Model;
let executor: Executor;
beforeAll(async () => {
	model = await loadModel(modelFolder(fileURLToPath(MODEL)), { encoder: true });
	({ executor } = await createExecutor({ prefer: ["wasm"] }));
});
afterAll(() => executor.dispose());

/** A texture that moves. */
const picture = (index: number): Picture => {
	const plane = (columns: number, rows: number, step: number) =>
		Uint8Array.from({ length: columns * rows }, (_, i) => {
			const [x, y] = [(i % columns) * step - 3 * index, Math.floor(i / columns) * step];
			return 128 + 50 * Math.sin(x / 6) + 40 * Math.cos(y / 9);
		});
	const { width, height } = SIZE;
	const chroma = () => plane(width / 2, height / 2, 2);
	return { ...SIZE, y: plane(width, height, 1), u: chroma(), v: chroma(), timestamp: index * DURATION };
};

/** Of a GPU that nothing computes on. */
const gpuPicture = (index: number): GpuPicture =>
	new GpuPicture(
		{ ...SIZE, timestamp: index * DURATION },
		{ size: 16 } as GPUBuffer,
		new BufferPool({} as GPUDevice),
	);

const isReleased = (given: GpuPicture): boolean => {
	try {
		return given.buffer === undefined;
	} catch {
		return true;
	}
};

/** Where groups begin, and where else the base can be entered. */
type Shape = { readonly groups: readonly number[]; readonly sync?: readonly number[] };

/** Pictures with their bases. */
const pairsOf = (pictures: readonly SourcePicture[], { groups, sync = [] }: Shape): CodedPair[] =>
	pictures.map((each, index) => ({
		...{ picture: each, duration: DURATION, first: groups.includes(index) },
		group: groups.filter((first) => first <= index).length - 1,
		sample: {
			...{ data: new Uint8Array(8), timestamp: each.timestamp, duration: DURATION },
			sync: groups.includes(index) || sync.includes(index),
		},
		base: downscalePicture(picture(index)),
	}));

async function* inTurn(pairs: readonly CodedPair[]): AsyncGenerator<CodedPair, void, undefined> {
	yield* pairs;
}

/** Encoders that note what they are asked for. @param before throws where something is to fail */
class Layers {
	readonly coded: (readonly [timestamp: number, type: FrameType])[] = [];
	readonly #before: (type: FrameType) => void;

	constructor(before: (type: FrameType) => void = () => undefined) {
		this.#before = before;
	}

	/** In place of those that a job would open. */
	readonly open = async (qualities: readonly number[]): Promise<readonly Layer[]> =>
		qualities.map((q) => ({ q, encoder: this.#encoder() }));

	#encoder(): EnhancementEncoder {
		const encode: Partial<EnhancementEncoder> = {
			encode: async ({ timestamp }, _, { type, duration }) => {
				this.#before(type);
				this.coded.push([timestamp / DURATION, type]);
				const data = new TextEncoder().encode(type);
				const sample = { data, timestamp, duration, sync: type === "intra" };
				return { sample, reconstruction: { dispose: () => undefined } } as Awaited<
					ReturnType<EnhancementEncoder["encode"]>
				>;
			},
			dispose: async () => undefined,
		};
		return encode as EnhancementEncoder;
	}
}

type Options = { readonly live?: boolean; readonly layers?: Layers; readonly enhancements?: readonly number[] };

/** A lane with all that is around it, up to an edge that takes everything. */
const laneOf = async ({ live = false, layers, enhancements = [30] }: Options = {}) => {
	const source: VideoSource = {
		info: {
			...{ ...SIZE, duration: undefined, live, frameRate: 10, codec: "raw", rotation: 0 },
			colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
			fingerprint: undefined,
		},
		...{ audio: undefined, warnings: [], close: () => undefined },
		async *pictures() {},
	};
	const backend = { kind: "wasm", speed: { fixed: 0, each: 1e-6 }, fellBack: undefined } as const;
	const opened: OpenedBackend = { backend, executor, model };
	const address = { endpoint: "https://edge.example", token: "t" };
	const options = resolveOptions({ ...address, backend: "wasm", enhancements }, new File([], "film.mp4"));
	const coding = { modelId: model.id, bitstream: 1 };
	const again = async () => opened;
	const prospect = { backend, coding, opened, open: again, reopen: again, close: async () => undefined };
	const job = new Job(source, prospect, options);
	if (layers !== undefined) {
		vi.spyOn(job, "openLayers").mockImplementation(() => layers.open(job.ended ? [] : job.qualities));
	}

	/** Samples of each part, by its address. */
	const parts = new Map<string, readonly Sample[]>();
	const tracks = ["base", ...enhancements.map((q) => `e${q}`)].map((id) => ({
		...{ id, next: 0, ahead: [], missing: [], partsUrl: `https://edge.example/${id}/` },
	}));
	const http = new HttpClient(
		async () => "token",
		() => undefined,
		{
			fetch: async (url, { body }) => {
				parts.set(url.replace("https://edge.example/", ""), decodePart(new Uint8Array(body as ArrayBuffer)));
				return Response.json({ track: tracks[0] }, { status: 201 });
			},
			...{ sleep: async () => undefined, timer: () => () => undefined },
			...{ random: () => 0, now: () => 0, online: () => true },
		},
	);
	const stop = new AbortController();
	const warnings: SourceWarning[] = [];
	const ignored = () => undefined;
	const host = {
		...{ freshToken: async () => "t", onStep: ignored, onProgress: ignored, onAsset: ignored },
		...{ onPreview: ignored, onPlayable: ignored, onWarning: (warning: SourceWarning) => warnings.push(warning) },
	};
	const journal = UploadJournal.inMemory("key");
	const checkpoints: { readonly group: number; readonly frames: number }[] = [];
	const advance = journal.advance.bind(journal);
	vi.spyOn(journal, "advance").mockImplementation(async (checkpoint) => {
		const { group, frames } = checkpoint;
		checkpoints.push({ group, frames });
		await advance(checkpoint);
	});
	const client = new UploadClient(http, "https://edge.example");
	const [meter, clock, gate] = [new Meter(), new WaitClock(), new Gate()];
	const work = new Work(job, { host, client, gate, signal: stop.signal, journal, clock, resume: undefined }, meter);
	const asset = { id: "asset", state: "uploading", createdAt: new Date(0).toISOString(), tracks } as const;
	const shipper = new Shipper(
		{ ...asset, tracks: [...tracks], urls: { master: "", watch: "" } },
		{
			...{ client, meter, clock, gate, signal: work.signal, fail: (error: unknown) => work.fail(error) },
			...{ leading: "e30", journal, resume: undefined, live },
		},
	);
	work.shipper = shipper;
	const checkpoint = { group: 0, groups: 0, parts: {}, frames: 0, duration: 0, bytes: 0 };
	await journal.begin({
		...{ key: "key", assetId: "asset", created: 0, plan: { ...SIZE, enhanced: true }, coding, base: avcTrack },
		...{ audio: undefined, baseDone: -1 },
		checkpoint: { ...checkpoint, effort: "normal", ended: undefined },
	});
	const lane = new EnhancementLane(work, new Stills(undefined, async () => new Uint8Array(4)));
	return {
		...{ lane, job, meter, parts, warnings, checkpoints, stop },
		/** Codes all, and waits until it is at the edge. @param pairs those of a base lane */
		async run(pairs: AsyncGenerator<CodedPair, void, undefined>): Promise<void> {
			try {
				await lane.run(lookAhead(pairs, job.lookAhead), Promise.resolve());
				await shipper.sent();
			} finally {
				await lane.close();
			}
		},
		/** Of a track, in the order of its parts. */
		samples: (track = "e30") =>
			[...parts.keys()]
				.filter((name) => name.startsWith(`${track}/`))
				.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
				.flatMap((name) => parts.get(name) ?? []),
	};
};

const places = (samples: readonly Sample[]): readonly number[] => samples.map(({ timestamp }) => timestamp / DURATION);

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe("an enhancement lane", () => {
	it("codes every other frame after the one behind it, and ships them in the order of time", async () => {
		const pairs = pairsOf(numbers(14).map(picture), { groups: [0, 9], sync: [4] });
		const { run, samples, checkpoints } = await laneOf({ enhancements: [20, 40] });
		await run(inTurn(pairs));
		for (const track of ["e20", "e40"]) {
			const shipped = samples(track);
			expect(places(shipped)).toEqual(numbers(14));
			// The last frame before a sync sample, or the end, has none behind it.
			const letters = { intra: "i", inter: "p", bidirectional: "b" } as const;
			const types = shipped.map(({ data }) => letters[frameTypeOf(data) ?? "intra"]);
			expect(types.join("")).toBe("ibppibpbpibpbp");
			expect(shipped.map(({ sync }) => sync)).toEqual(types.map((type) => type === "i"));
			const frames = shipped.map((sample, index) => ({ sample, base: downscalePicture(picture(index)) }));
			expect((await decodeLayered(frames, SIZE)).map(({ timestamp }) => timestamp / DURATION)).toEqual(
				numbers(14),
			);
		}
		expect(checkpoints).toEqual([
			{ group: 0, frames: 0 },
			{ group: 1, frames: 9 },
			{ group: 2, frames: 14 },
		]);
	});

	it("goes through all layers before the next frame, and lets pictures go when they are coded", async () => {
		const pictures = numbers(5).map(gpuPicture);
		const released: number[] = [];
		const layers = new Layers(() => released.push(pictures.filter(isReleased).length));
		const { run, meter, samples } = await laneOf({ layers, enhancements: [20, 30] });
		await run(inTurn(pairsOf(pictures, { groups: [0] })));
		const order = [0, 2, 1, 4, 3];
		expect(layers.coded.map(([place]) => place)).toEqual(order.flatMap((place) => [place, place]));
		expect(places(samples())).toEqual(numbers(5));
		expect(released).toEqual([0, 0, 1, 1, 1, 1, 3, 3, 3, 3]);
		expect(pictures.every(isReleased)).toBe(true);
		expect(meter.snapshot(0)).toMatchObject({ framesEncoded: 5, framesUploaded: 5 });
	});

	it("codes what is live as it comes, part by part", async () => {
		const taken: number[] = [];
		const layers = new Layers();
		const { run, parts, samples, job } = await laneOf({ live: true, layers });
		async function* filmed(): AsyncGenerator<CodedPair, void, undefined> {
			for (const pair of pairsOf(numbers(8).map(picture), { groups: [0, 7] })) {
				taken.push(layers.coded.length);
				yield pair;
			}
		}
		await run(filmed());
		expect(job.longestPart).toBe(500_000);
		expect(taken).toEqual(numbers(8));
		expect(layers.coded.map(([, type]) => type)).not.toContain("bidirectional");
		expect([...parts.values()].map(({ length }) => length)).toEqual([5, 2, 1]);
		expect(places(samples())).toEqual(numbers(8));
	});

	it("codes without bidirectional frames from the group on in which it tries less hard", async () => {
		const layers = new Layers();
		const { run, job, samples } = await laneOf({ layers });
		vi.spyOn(job, "keepPace").mockImplementation(() => job.lowerEffort());
		await run(inTurn(pairsOf(numbers(10).map(picture), { groups: [0, 5] })));
		const between = layers.coded.filter(([, type]) => type === "bidirectional").map(([place]) => place);
		expect(between).toEqual([1, 3]);
		expect(places(samples())).toEqual(numbers(10));
	});

	it.each(["inter", "bidirectional"] as const)(
		"that loses its GPU at a frame of a pair (%s) drops both, and goes on at the next group",
		async (lost) => {
			const pictures = numbers(12).map(gpuPicture);
			// In the second layer, of the second pair.
			let countdown = 4;
			const layers = new Layers((type) => {
				if (type === lost && --countdown === 0) {
					throw new DOMException("The device was lost.", "OperationError");
				}
			});
			const { run, job, samples, warnings, checkpoints, meter } = await laneOf({
				layers,
				enhancements: [20, 30],
			});
			// What comes after the loss is in memory.
			const after = [...pictures.slice(0, 6), ...numbers(12).slice(6).map(picture)];
			await run(inTurn(pairsOf(after, { groups: [0, 6] })));
			for (const track of ["e20", "e30"]) {
				expect(places(samples(track))).toEqual([0, 1, 2, 6, 7, 8, 9, 10, 11]);
			}
			expect(warnings.map(({ code, message }) => [code, message.slice(0, 22)])).toEqual([
				["enhancement-interrupted", "From 0.3 s to 0.6 s of"],
			]);
			expect(job.ended).toBe(false);
			expect(pictures.slice(0, 6).every(isReleased)).toBe(true);
			expect(checkpoints.at(-1)).toEqual({ group: 2, frames: 12 });
			expect(meter.snapshot(0).framesEncoded).toBe(12);
		},
	);

	it("that is aborted while a frame waits for the one behind it lets its picture go", async () => {
		const pictures = numbers(2).map(gpuPicture);
		const layers = new Layers();
		const { lane, stop } = await laneOf({ layers });
		async function* broken() {
			for (const pair of pairsOf(pictures, { groups: [0] })) {
				yield { ...pair, inheritance: undefined, followed: true };
			}
			// The second is held: what follows it does not come.
			expect(pictures.map(isReleased)).toEqual([true, false]);
			stop.abort();
			stop.signal.throwIfAborted();
		}
		await expect(lane.run(broken(), Promise.resolve())).rejects.toThrow("aborted");
		await lane.close();
		expect(layers.coded).toEqual([[0, "intra"]]);
		expect(pictures.every(isReleased)).toBe(true);
	});

	it("codes a frame that nothing follows after all as an ordinary one", async () => {
		const layers = new Layers();
		const { lane } = await laneOf({ layers });
		async function* ended() {
			for (const pair of pairsOf(numbers(2).map(picture), { groups: [0] })) {
				yield { ...pair, inheritance: undefined, followed: true };
			}
		}
		await lane.run(ended(), Promise.resolve());
		await lane.close();
		expect(layers.coded).toEqual([
			[0, "intra"],
			[1, "inter"],
		]);
	});
});
