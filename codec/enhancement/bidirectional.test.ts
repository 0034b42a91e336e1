/** Bidirectional frames from the encoder to the decoder's pictures. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashPicture } from "../hash/picture-hash.ts";
import { createExecutor } from "../model/create-executor.ts";
import type { Executor } from "../model/executor.ts";
import { modelFolder } from "../model/load-node.ts";
import { loadModel, type Model } from "../model/model-file.ts";
import { downscalePicture } from "../picture/downscale.ts";
import type { Picture } from "../picture/picture.ts";
import { measurePsnr } from "../picture/quality.ts";
import { testPicture } from "../picture/test-pictures.ts";
import { codingUnits } from "./coding-units.ts";
import { EnhancementEncoder } from "./encoder.ts";
import { EnhancementParser } from "./parser.ts";
import { decodeFrames, type LayeredFrame } from "./pipeline.ts";
import { EnhancementReconstructor } from "./reconstruction.ts";

const SIZE = { width: 70, height: 50 };
const DURATION = 40_000;
const QUALITIES = { intra: 46, inter: 36, bidirectional: 20 };
const TYPES = { I: "intra", P: "inter", B: "bidirectional" } as const;

let model: Model;
let executor: Executor;
beforeAll(async () => {
	const folder = modelFolder(fileURLToPath(new URL("../../models/crescendo-1", import.meta.url)));
	model = await loadModel(folder, { encoder: true });
	({ executor } = await createExecutor({ prefer: ["native", "wasm"], threads: 1 }));
});
afterAll(() => executor.dispose());

type Coded = LayeredFrame & { readonly hash: number; readonly directions: Uint8Array | undefined };

/** Frames in order of time, as types: `IBPBP`; the picture at each time is `at(time)`. */
async function encode(
	types: string,
	at = (time: number) => testPicture(SIZE.width, SIZE.height, time),
): Promise<Coded[]> {
	const encoder = await EnhancementEncoder.create({ model, executor, ...SIZE, pictureHash: "every" });
	const coded: Coded[] = [];
	const places = [...types].map((letter, time) => ({ type: TYPES[letter as keyof typeof TYPES], time }));
	for await (const unit of codingUnits(places, ({ type }) => type === "bidirectional")) {
		for (const { type, time } of unit) {
			const source = { ...at(time), timestamp: time * DURATION };
			const base = downscalePicture(source);
			const choice = { type, q: QUALITIES[type], duration: DURATION };
			const { sample, symbols, reconstruction } = await encoder.encode(source, base, choice);
			const hash = hashPicture(await reconstruction.toPicture());
			reconstruction.dispose();
			coded[time] = { sample, base, hash, directions: symbols.directions?.directions };
		}
	}
	await encoder.dispose();
	return coded;
}

/** In order of time, each picture's hash or the code of why there is none. */
async function decode(
	frames: readonly LayeredFrame[],
): Promise<{ outcomes: (number | string)[]; pictures: Picture[] }> {
	const parser = await EnhancementParser.create({ model, executor, ...SIZE });
	const reconstructor = await EnhancementReconstructor.create({ model, executor, ...SIZE });
	const outcomes: (number | string)[] = [];
	const pictures: Picture[] = [];
	for await (const frame of decodeFrames(frames, parser, reconstructor)) {
		expect(frame.base.timestamp).toBe(frames[outcomes.length]?.base.timestamp);
		if (frame.error !== undefined) outcomes.push(frame.error.code);
		else {
			const picture = await frame.picture.toPicture({ verify: true });
			pictures.push(picture);
			outcomes.push(hashPicture(picture));
			frame.picture.dispose();
		}
	}
	await parser.dispose();
	await reconstructor.dispose();
	return { outcomes, pictures };
}

describe("bidirectional frames", () => {
	it("decode to what the encoder made, in order of time, beside ordinary ones", async () => {
		const frames = await encode("IBPPBPIBP");
		const { outcomes, pictures } = await decode(frames);
		expect(outcomes).toEqual(frames.map(({ hash }) => hash));
		pictures.forEach((picture, time) => {
			expect(measurePsnr(picture, testPicture(SIZE.width, SIZE.height, time)).y).toBeGreaterThan(26);
		});
	});

	it("are predicted from whichever neighbour shows the same, block by block", async () => {
		// Half of the picture turns to grey with the middle picture, the other half after it.
		const frames = await encode("IBP", (time) => {
			const picture = testPicture(SIZE.width, SIZE.height, 0);
			const y = picture.y.map((s, i) => ((i % SIZE.width < 32 ? time > 0 : time > 1) ? 90 : s));
			return { ...picture, y };
		});
		const columns = 6;
		const directions = frames[1]?.directions ?? new Uint8Array(0);
		const seen = (column: number) => Array.from({ length: 3 }, (_, row) => directions[row * columns + column]);
		expect(seen(0)).toEqual([1, 1, 1]);
		// The search looks into the future, where there is nothing to be found: the vectors there are as they may be.
		expect(seen(3)).toContain(2);
		expect(seen(3)).not.toContain(1);
	});

	it("take a held picture over from both neighbours, for ten bytes", async () => {
		const frames = await encode("IBPBP", () => testPicture(SIZE.width, SIZE.height, 0));
		expect((await decode(frames)).outcomes).toEqual(frames.map(({ hash }) => hash));
		expect(frames.slice(1).map(({ sample }) => sample.data.length)).toEqual([10, 10, 10, 10]);
	});

	it("say so where one of their neighbours is missing, and the next intra frame starts afresh", async () => {
		const frames = await encode("IBPBPI");
		const [i0, b1, p2, b3, p4, i5] = frames as [Coded, Coded, Coded, Coded, Coded, Coded];
		const missing = "missing-reference";
		// Nothing behind it; another one behind it; an intra frame behind it.
		expect((await decode([i0, b1])).outcomes).toEqual([i0.hash, missing]);
		expect((await decode([i0, b1, p2, b3])).outcomes).toEqual([i0.hash, b1.hash, p2.hash, missing]);
		expect((await decode([i0, b1, b3, p4, i5])).outcomes).toEqual([i0.hash, missing, missing, missing, i5.hash]);
		expect((await decode([i0, b1, i5])).outcomes).toEqual([i0.hash, missing, i5.hash]);
		// Two references, neither of which is later than the frame.
		const plain = await encode("IPP");
		expect((await decode([...plain.slice(0, 2), b3])).outcomes).toEqual([plain[0]?.hash, plain[1]?.hash, missing]);
	});

	it("are nothing that an encoder makes out of order", async () => {
		const encoder = await EnhancementEncoder.create({ model, executor, ...SIZE });
		const source = testPicture(SIZE.width, SIZE.height, 1);
		const choice = { type: "bidirectional", q: 20, duration: DURATION } as const;
		await expect(encoder.encode(source, downscalePicture(source), choice)).rejects.toMatchObject({
			code: "missing-reference",
		});
		await encoder.dispose();
	});
});
