import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSample, readSample } from "../bitstream/sample.ts";
import type { CodecError } from "../errors.ts";
import { hashPicture } from "../hash/picture-hash.ts";
import { createExecutor } from "../model/create-executor.ts";
import type { Executor } from "../model/executor.ts";
import { modelFolder } from "../model/load-node.ts";
import { loadModel, type Model } from "../model/model-file.ts";
import { downscalePicture } from "../picture/downscale.ts";
import type { Picture } from "../picture/picture.ts";
import type { Sample } from "../sample.ts";
import { type EncodeChoice, EnhancementEncoder, type EncoderOptions } from "./encoder.ts";
import { EnhancementParser } from "./parser.ts";
import { decodeFrames, type EnhancedFrame, type LayeredFrame } from "./pipeline.ts";
import { EnhancementReconstructor } from "./reconstruction.ts";

const DURATION = 40_000;
const MODEL = fileURLToPath(new URL("../../models/crescendo-1", import.meta.url));

let model: Model;
let executor: Executor;
beforeAll(async () => {
	model = await loadModel(modelFolder(MODEL), { encoder: true });
	({ executor } = await createExecutor({ prefer: ["native", "wasm"] }));
});
afterAll(() => executor.dispose());

function picture(width: number, height: number, index: number, speed = 3): Picture {
	const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
	const plane = (columns: number, rows: number, step: number) =>
		Uint8Array.from({ length: columns * rows }, (_, i) => {
			const [x, y] = [(i % columns) * step - speed * index, Math.floor(i / columns) * step];
			return 128 + 50 * Math.sin(x / 6) + 40 * Math.cos(y / 9) + (((x >> 4) ^ (y >> 4)) & 1) * 30;
		});
	const planes = { y: plane(width, height, 1), u: plane(w, h, 2), v: plane(w, h, 2) };
	return { width, height, ...planes, timestamp: index * DURATION };
}

type Coded = { readonly frames: LayeredFrame[]; readonly hashes: number[]; readonly sources: Picture[] };

async function encode(
	width: number,
	height: number,
	choices: readonly Omit<EncodeChoice, "duration">[],
	options: Partial<EncoderOptions> = {},
): Promise<Coded> {
	const encoder = await EnhancementEncoder.create({
		model,
		executor,
		width,
		height,
		pictureHash: "every",
		...options,
	});
	const coded: Coded = { frames: [], hashes: [], sources: [] };
	for (const [i, choice] of choices.entries()) {
		const source = picture(width, height, i);
		const base = downscalePicture(source);
		const { sample, reconstruction } = await encoder.encode(source, base, { ...choice, duration: DURATION });
		coded.hashes.push(hashPicture(await reconstruction.toPicture({ verify: true })));
		reconstruction.dispose();
		coded.frames.push({ sample, base });
		coded.sources.push(source);
	}
	await encoder.dispose();
	return coded;
}

async function decoder(width: number, height: number) {
	const options = { model, executor, width, height };
	const [parser, reconstructor] = [
		await EnhancementParser.create(options),
		await EnhancementReconstructor.create(options),
	];
	return {
		parser,
		reconstructor,
		async dispose() {
			await parser.dispose();
			await reconstructor.dispose();
		},
	};
}

/** A hash, or the code of the reason why there is no picture. */
async function outcome(frame: EnhancedFrame): Promise<number | string> {
	if (frame.error !== undefined) return frame.error.code;
	const hash = hashPicture(await frame.picture.toPicture({ verify: true }));
	frame.picture.dispose();
	return hash;
}

async function decode(width: number, height: number, frames: readonly LayeredFrame[]): Promise<(number | string)[]> {
	const { parser, reconstructor, dispose } = await decoder(width, height);
	const outcomes: (number | string)[] = [];
	for await (const frame of decodeFrames(frames, parser, reconstructor)) outcomes.push(await outcome(frame));
	await dispose();
	return outcomes;
}

const intra = (q: number) => ({ type: "intra", q }) as const;
const inter = (q: number) => ({ type: "inter", q }) as const;

describe("encoder and decoder", () => {
	it("agree to the bit for any size, type and quality", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 16, max: 80 }),
				fc.integer({ min: 16, max: 80 }),
				fc.array(fc.record({ inter: fc.boolean(), q: fc.integer({ min: 0, max: 63 }) }), {
					minLength: 1,
					maxLength: 3,
				}),
				async (width, height, words) => {
					const choices = words.map(({ inter: follows, q }, i) => (i > 0 && follows ? inter(q) : intra(q)));
					const { frames, hashes } = await encode(width, height, choices);
					expect(await decode(width, height, frames)).toEqual(hashes);
				},
			),
			{ seed: 5, numRuns: 4 },
		);
	}, 300_000);

	it("take a held picture over as it is, for ten bytes", async () => {
		const encoder = await EnhancementEncoder.create({
			model,
			executor,
			width: 64,
			height: 48,
			pictureHash: "every",
		});
		const { parser, reconstructor, dispose } = await decoder(64, 48);
		const source = picture(64, 48, 0);
		const base = downscalePicture(source);
		const hashes: number[] = [];
		const sizes: number[] = [];
		for (const choice of [intra(40), inter(30), inter(30)]) {
			const { sample, reconstruction } = await encoder.encode(source, base, { ...choice, duration: DURATION });
			reconstruction.dispose();
			sizes.push(sample.data.length);
			const decoded = await reconstructor.reconstruct(await parser.parse(sample, base), base);
			hashes.push(hashPicture(await decoded.toPicture({ verify: true })));
			decoded.dispose();
		}
		expect(sizes.slice(1)).toEqual([10, 10]);
		expect(new Set(hashes).size).toBe(1);
		await encoder.dispose();
		await dispose();
	});

	it("copy what stays and code what changes", async () => {
		const encoder = await EnhancementEncoder.create({
			model,
			executor,
			width: 96,
			height: 64,
			pictureHash: "every",
		});
		const { parser, reconstructor, dispose } = await decoder(96, 64);
		const [before, after] = [picture(96, 64, 0), picture(96, 64, 9)];
		// The left third becomes another picture.
		const y = before.y.map((sample, i) => (i % 96 < 32 ? (after.y[i] as number) : sample));
		const shares: number[] = [];
		for (const [i, source] of [before, { ...before, y }, { ...before, y }].entries()) {
			const base = downscalePicture(source);
			const choice = { ...(i === 0 ? intra(40) : inter(34)), duration: DURATION };
			const { sample, reconstruction } = await encoder.encode(source, base, choice);
			reconstruction.dispose();
			const symbols = await parser.parse(sample, base);
			const decoded = await reconstructor.reconstruct(symbols, base);
			await decoded.toPicture({ verify: true });
			decoded.dispose();
			const flags = symbols.copied?.flags ?? new Uint8Array();
			shares.push(flags.reduce((sum, flag) => sum + flag, 0) / Math.max(flags.length, 1));
		}
		expect(shares[1]).toBeGreaterThan(0.4);
		expect(shares[1]).toBeLessThan(0.8);
		await encoder.dispose();
		await dispose();
	});

	it("carry hashes where they were asked for", async () => {
		for (const [pictureHash, expected] of [
			["every", [true, true]],
			["intra", [true, false]],
			["none", [false, false]],
		] as const) {
			const { frames } = await encode(32, 32, [intra(20), inter(20)], { pictureHash });
			const found = frames.map(({ sample }) => readSample(sample.data).pictureHash !== undefined);
			expect([pictureHash, ...found]).toEqual([pictureHash, ...expected]);
			expect(frames.map(({ sample }) => readSample(sample.data).baseHash !== undefined)).toEqual([true, false]);
		}
	});

	it("refuse to begin with an inter frame", async () => {
		await expect(encode(32, 32, [inter(30)])).rejects.toMatchObject({ code: "missing-reference" });
	});

	it("refuse pictures of another size", async () => {
		const encoder = await EnhancementEncoder.create({ model, executor, width: 48, height: 32 });
		const choice = { ...intra(30), duration: DURATION };
		const [right, wrong] = [picture(48, 32, 0), picture(48, 40, 0)];
		await expect(encoder.encode(wrong, downscalePicture(right), choice)).rejects.toMatchObject({
			code: "invalid-picture",
		});
		await expect(encoder.encode(right, wrong, choice)).rejects.toMatchObject({ code: "invalid-picture" });
		await encoder.dispose();
	});
});

describe("a damaged stream", () => {
	const size = [64, 48] as const;
	let coded: Coded;
	beforeAll(async () => {
		coded = await encode(...size, [intra(35), inter(30), inter(30), intra(35), inter(30)]);
	});

	const changed = (index: number, change: (frame: LayeredFrame) => LayeredFrame) =>
		coded.frames.map((frame, i) => (i === index ? change(frame) : frame));
	const withData = (sample: Sample, data: Uint8Array): Sample => ({ ...sample, data });

	it("shows the base from a damaged sample to the next intra frame", async () => {
		const { hashes } = coded;
		const flipped = changed(1, ({ sample, base }) => {
			const data = sample.data.with(
				sample.data.length >> 1,
				(sample.data[sample.data.length >> 1] as number) ^ 16,
			);
			return { sample: withData(sample, data), base };
		});
		expect(await decode(...size, flipped)).toEqual([
			hashes[0],
			"damaged-sample",
			"missing-reference",
			hashes[3],
			hashes[4],
		]);
	});

	it("does the same for a lost sample, a wrong base and an unknown version", async () => {
		const { frames, hashes } = coded;
		expect(await decode(...size, frames.slice(1))).toEqual([
			"missing-reference",
			"missing-reference",
			hashes[3],
			hashes[4],
		]);
		const otherBase = changed(3, ({ sample, base }) => ({ sample, base: { ...base, y: base.y.with(7, 3) } }));
		expect((await decode(...size, otherBase)).slice(3)).toEqual(["base-mismatch", "missing-reference"]);
		const cut = changed(0, ({ sample, base }) => ({ sample: withData(sample, sample.data.subarray(0, 9)), base }));
		expect((await decode(...size, cut)).slice(0, 3)).toEqual([
			"damaged-sample",
			"missing-reference",
			"missing-reference",
		]);
	});

	it("ends in a typed error also where the check sum fits", async () => {
		const { frames } = coded;
		const { parser, dispose } = await decoder(...size);
		const first = frames[0] as LayeredFrame;
		const parts = readSample(first.sample.data);
		const outcomes = new Set<string>();
		for (let i = 0; i < 24; i++) {
			const payload = Uint8Array.from(parts.payload);
			const at = Math.floor((i * payload.length) / 24);
			payload[at] = (payload[at] as number) ^ (1 << (i % 8));
			const cut = i % 3 === 0 ? payload.subarray(0, at) : payload;
			const data = writeSample({ ...parts, hasLatents: cut.length > 0, payload: cut });
			const outcomeOfParse = await parser.parse(withData(first.sample, data), first.base).then(
				() => "parsed",
				(error: CodecError) => error.code,
			);
			outcomes.add(outcomeOfParse);
		}
		// Other symbols may come out of other bytes, and cutting all of them is an empty frame; nothing else may happen.
		expect([...outcomes].toSorted()).toEqual(["damaged-sample", "parsed"]);
		await dispose();
	});

	it("is noticed by the picture's hash", async () => {
		const first = coded.frames[0] as LayeredFrame;
		const parts = readSample(first.sample.data);
		const data = writeSample({ ...parts, pictureHash: ((parts.pictureHash ?? 0) ^ 1) >>> 0 });
		await expect(
			decode(...size, [{ sample: withData(first.sample, data), base: first.base }]),
		).rejects.toMatchObject({
			code: "picture-mismatch",
		});
	});
});

describe("the two stages", () => {
	it("let the parser run ahead of a reconstruction that has not begun", async () => {
		const { frames, hashes } = await encode(48, 48, [intra(30), inter(30), inter(30), inter(30)]);
		const { parser, reconstructor, dispose } = await decoder(48, 48);
		const symbols = [];
		for (const { sample, base } of frames) symbols.push(await parser.parse(sample, base));
		for (const [i, { base }] of frames.entries()) {
			const decoded = await reconstructor.reconstruct(symbols[i] as (typeof symbols)[number], base);
			expect(hashPicture(await decoded.toPicture())).toBe(hashes[i]);
			decoded.dispose();
		}
		await dispose();
	});

	it("stop where the consumer leaves, and can be used again", async () => {
		const { frames, hashes } = await encode(32, 32, [intra(30), inter(30), inter(30), inter(30)]);
		const { parser, reconstructor, dispose } = await decoder(32, 32);
		for (let round = 0; round < 2; round++) {
			for await (const frame of decodeFrames(frames, parser, reconstructor, { ahead: 1 })) {
				expect(await outcome(frame)).toBe(hashes[0]);
				break;
			}
		}
		await dispose();
	});

	it("stop on request, also while they wait for frames that never come", async () => {
		const { frames } = await encode(32, 32, [intra(30)]);
		const { parser, reconstructor, dispose } = await decoder(32, 32);
		const controller = new AbortController();
		async function* endless() {
			yield* frames;
			await new Promise<void>(() => undefined);
		}
		const seen: unknown[] = [];
		const decoding = (async () => {
			for await (const frame of decodeFrames(endless(), parser, reconstructor, { signal: controller.signal })) {
				seen.push(await outcome(frame));
				controller.abort();
			}
		})();
		await expect(decoding).rejects.toMatchObject({ code: "aborted" });
		expect(seen).toHaveLength(1);
		await dispose();
	});

	it("hand on what the source of frames throws", async () => {
		const { parser, reconstructor, dispose } = await decoder(32, 32);
		async function* broken(): AsyncGenerator<LayeredFrame> {
			yield* [];
			throw new Error("the network is gone");
		}
		const decoding = (async () => {
			for await (const frame of decodeFrames(broken(), parser, reconstructor)) await outcome(frame);
		})();
		await expect(decoding).rejects.toThrow("the network is gone");
		await dispose();
	});

	it("take one frame at a time", async () => {
		const { frames } = await encode(32, 32, [intra(30)]);
		const { parser, dispose } = await decoder(32, 32);
		const { sample, base } = frames[0] as LayeredFrame;
		const first = parser.parse(sample, base);
		await expect(parser.parse(sample, base)).rejects.toMatchObject({ code: "invalid-option" });
		await expect(first).resolves.toMatchObject({ type: "intra" });
		await dispose();
	});
});
