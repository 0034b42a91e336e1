import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decodePart } from "../../protocol/part.ts";
import { FAKE_DEVICES, openBrowser } from "../testing/browser.ts";
import type { BrowserBench } from "../testing/browser.ts";
import { decodeBase, decodeEnhanced } from "../testing/decode.ts";
import type { UploadAccount } from "../testing/page.ts";

let bench: BrowserBench;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "crescendo-feed-"));
	bench = await openBrowser(folder, FAKE_DEVICES);
});

afterAll(async () => {
	await bench?.close();
	rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => bench.edge.assets.clear());

type Kind = "camera" | "screen" | "canvas";

const stream = async (kind: Kind, worker: "auto" | "none" = "auto"): Promise<UploadAccount> => {
	const account = await bench.page.evaluate(
		([which, place]) =>
			globalThis.bench.uploadStream(which, 2, { backend: "none", gopSeconds: 2, worker: place, title: which }),
		[kind, worker] as const,
	);
	expect(account.error).toBeUndefined();
	expect(account.states.at(-1)).toBe("done");
	expect(bench.edge.only().completed).toBe(true);
	return account;
};

/** Samples begin at 0, one after the other without gaps. */
const expectTimeline = (track: string): void => {
	const samples = bench.edge.only().samples(track);
	expect(samples[0]?.timestamp).toBe(0);
	for (const [index, sample] of samples.slice(1).entries()) {
		const before = samples[index];
		expect((before?.timestamp ?? 0) + (before?.duration ?? 0)).toBe(sample.timestamp);
	}
};

/** Parts of a live base last no longer than the pieces that the edge was told of, unless one frame does. */
const expectLowLatency = (): void => {
	const asset = bench.edge.only();
	expect(asset.request.partialMilliseconds).toBe(500);
	for (const bytes of asset.parts.get("base") ?? []) {
		const samples = decodePart(bytes);
		const duration = samples.reduce((sum, sample) => sum + sample.duration, 0);
		expect(samples.length === 1 || duration <= 500_000).toBe(true);
	}
};

describe("a stream as source", () => {
	it.each(["auto", "none"] as const)("camera with sound (worker: %s): both on one clock", async (worker) => {
		const account = await stream("camera", worker);
		const asset = bench.edge.only();
		expect(asset.request).toMatchObject({ width: 160, height: 120, title: "camera" });
		expect(asset.request.tracks.map(({ id }) => id)).toEqual(["base", "audio"]);
		expectTimeline("base");
		expectLowLatency();
		const frames = asset.samples("base");
		expect((await decodeBase(asset)).length).toBe(frames.length);
		expect(account.result?.frames).toBe(frames.length);
		expect(account.last?.framesTotal).toBe(frames.length);
		const end = (frames.at(-1)?.timestamp ?? 0) + (frames.at(-1)?.duration ?? 0);
		const sound = asset.samples("audio");
		expect(sound[0]?.timestamp).toBeLessThan(300_000);
		expect(Math.abs((sound.at(-1)?.timestamp ?? 0) - end)).toBeLessThan(1_500_000);
	});

	it("goes on with its sound where the microphone becomes another one", async () => {
		await bench.page.evaluate(microphoneThatChanges);
		const account = await stream("camera", "none");
		await bench.reload();
		expect(account.events).not.toContain("warning");
		expect(account.result?.warnings).toEqual([]);
		const times = bench.edge
			.only()
			.samples("audio")
			.map(({ timestamp }) => timestamp);
		// It changes after half a second.
		expect(times.at(-1)).toBeGreaterThan(1_000_000);
		expect(times).toEqual([...times].sort((left, right) => left - right));
	});

	it("camera by the clicks of a person on <crescendo-uploader camera>", async () => {
		const told = await bench.page.evaluate(() => globalThis.bench.recordByElement(2));
		expect(told).toEqual(["done", "Uploaded", "Watch it"]);
		const asset = bench.edge.only();
		expect(asset.request.tracks.map(({ id }) => id)).toEqual(["base", "audio"]);
		expect(asset.samples("base").length).toBeGreaterThan(0);
	});

	it("canvas without sound", async () => {
		await stream("canvas");
		const asset = bench.edge.only();
		expect(asset.request.tracks.map(({ id }) => id)).toEqual(["base"]);
		expect(asset.request).toMatchObject({ width: 160, height: 90 });
		expectTimeline("base");
		expectLowLatency();
		const [first] = await decodeBase(asset);
		expect(first).toMatchObject({ width: 160, height: 90 });
	});

	it("screen", async () => {
		const account = await stream("screen");
		expect(account.result?.frames).toBe(bench.edge.only().samples("base").length);
		expectTimeline("base");
	});
});

/** In the page: after half a second every sound track is of one channel at 16 kHz, as headsets are. */
const microphoneThatChanges = (): void => {
	const Processor = Reflect.get(globalThis, "MediaStreamTrackProcessor") as new (init: {
		readonly track: MediaStreamTrack;
	}) => { readonly readable: ReadableStream };
	const change = (data: AudioData, begun: number): AudioData => {
		if (data.timestamp < begun + 500_000) {
			return data;
		}
		const { timestamp, duration } = data;
		data.close();
		const numberOfFrames = Math.max(1, Math.round((duration * 16_000) / 1_000_000));
		const form = { format: "f32-planar", sampleRate: 16_000, numberOfChannels: 1 } as const;
		return new AudioData({ ...form, numberOfFrames, timestamp, data: new Float32Array(numberOfFrames) });
	};
	class Changing {
		readonly readable: ReadableStream;
		constructor(init: { readonly track: MediaStreamTrack }) {
			const { readable } = new Processor(init);
			let begun: number | undefined;
			const changing = new TransformStream<AudioData, AudioData>({
				transform: (data, controller) => controller.enqueue(change(data, (begun ??= data.timestamp))),
			});
			this.readable = init.track.kind === "audio" ? readable.pipeThrough(changing) : readable;
		}
	}
	Reflect.set(globalThis, "MediaStreamTrackProcessor", Changing);
};

/** In the page: from now on the encoder of the 20th picture dies, and the decoder of the 40th sample; `coded` counts both. */
const codecsThatDie = (): void => {
	const [Encoder, Decoder] = [globalThis.VideoEncoder, globalThis.VideoDecoder];
	const coded = { pictures: 0, samples: 0 };
	Object.assign(globalThis, { coded });
	globalThis.VideoEncoder = class extends Encoder {
		readonly #fail: (error: DOMException) => void;
		constructor(init: VideoEncoderInit) {
			super(init);
			this.#fail = init.error;
		}
		override encode(frame: VideoFrame, how?: VideoEncoderEncodeOptions): void {
			if (++coded.pictures === 20) {
				this.#fail(new DOMException("The encoder's process died.", "EncodingError"));
			} else {
				super.encode(frame, how);
			}
		}
	};
	globalThis.VideoDecoder = class extends Decoder {
		readonly #fail: (error: DOMException) => void;
		constructor(init: VideoDecoderInit) {
			super(init);
			this.#fail = init.error;
		}
		override decode(chunk: EncodedVideoChunk): void {
			if (++coded.samples === 40) {
				this.#fail(new DOMException("The decoder's process died.", "EncodingError"));
			} else {
				super.decode(chunk);
			}
		}
	};
};

it("a recording whose backend fails goes on as base: until it is back, and for good where it fails again and again", async () => {
	const account = await bench.page.evaluate(() =>
		globalThis.bench.filmLosingWasm({ backend: "wasm", title: "film" }),
	);
	expect(account.error).toBeUndefined();
	expect(account.events.filter((event) => event === "asset" || event === "warning")).toEqual([
		...["asset", "warning", "warning"],
	]);
	expect(account.result?.warnings.map(({ code }) => code)).toEqual(["enhancement-interrupted", "enhancement-ended"]);
	expect(account.result?.backend).toMatchObject({ kind: "wasm" });
	expect(account.result?.backend.givenUp).toContain("rest-of-enhancement");
	expect(account.result?.backend.notice).toContain("lost again and again");
	const asset = bench.edge.only();
	expect(asset.completed).toBe(true);
	expectTimeline("base");
	const times = asset.samples("base").map(({ timestamp }) => timestamp);
	// The upload goes by the base when it has ended.
	expect(times.length).toBeGreaterThan(account.codedBefore);
	expect(account.result?.frames).toBe(times.length);
	expect(account.last?.framesUploaded).toBe(times.length);
	// What there is of the enhancement can be decoded; it has one gap, and begins again where the base can be entered.
	const enhanced = asset.samples("e24");
	expect((await decodeEnhanced(asset, "e24")).length).toBe(enhanced.length);
	const places = enhanced.map(({ timestamp }) => times.indexOf(timestamp));
	const gaps = places.filter((place, index) => index > 0 && place > (places[index - 1] ?? 0) + 1);
	expect(gaps.length).toBe(1);
	expect(enhanced[places.indexOf(gaps[0] ?? -1)]?.sync).toBe(true);
	expect(places.at(-1)).toBeLessThan(times.length - 1);
});

describe("frames as source", () => {
	const frames = (times: readonly number[], spoiled?: number, worker: "auto" | "none" = "auto") =>
		bench.page.evaluate(([when, options, which]) => globalThis.bench.uploadFrames(when, options, which), [
			times,
			{ backend: "none", gopSeconds: 0.5, title: "drawn", worker } as const,
			spoiled,
		] as const);

	it("every frame of an async iterable, at its own time, from the first on", async () => {
		const times = [0, 40_000, 80_000, 200_000, 240_000, 700_000].map((time) => time + 5_000_000);
		const account = await frames(times);
		expect(account.error).toBeUndefined();
		const asset = bench.edge.only();
		expect(asset.request).toMatchObject({ width: 96, height: 64, frameRate: 25, title: "drawn" });
		expect(asset.samples("base").map(({ timestamp }) => timestamp)).toEqual(times.map((time) => time - 5_000_000));
		const pictures = await decodeBase(asset);
		expect(pictures.map(({ y }) => Math.abs((y[3000] ?? 0) - 40) < 12)).toEqual(times.map(() => true));
	});

	it("hundreds of frames: none is lost", async () => {
		const account = await frames(Array.from({ length: 300 }, (_, i) => i * 40_000));
		expect(account.result?.frames).toBe(300);
		expect(bench.edge.only().request.partialMilliseconds).toBeUndefined();
		expect(bench.edge.only().samples("base").length).toBe(300);
	});

	it("goes on where the browser's encoder dies, and then its decoder", async () => {
		await bench.page.evaluate(codecsThatDie);
		const times = Array.from({ length: 60 }, (_, i) => i * 40_000);
		const account = await frames(times, undefined, "none");
		const coded: unknown = await bench.page.evaluate(() => Reflect.get(globalThis, "coded"));
		await bench.reload();
		expect(account.error).toBeUndefined();
		const asset = bench.edge.only();
		expect(asset.samples("base").map(({ timestamp }) => timestamp)).toEqual(times);
		expect((await decodeBase(asset)).length).toBe(60);
		// Both died: the pictures that they held were coded once more.
		expect(coded).toMatchObject({ pictures: expect.toSatisfy((count: number) => count > 61) });
	});

	it("refuses what is no frame, and says so", async () => {
		const account = await frames([0, 40_000, 80_000], 2);
		expect(account.error).toMatchObject({ code: "source-damaged" });
		expect(account.error?.message).toContain("no VideoFrame");
	});

	it("refuses an iterable without a frame", async () => {
		expect((await frames([])).error).toMatchObject({ code: "source-damaged" });
	});
});
