import type { FrameSymbols } from "../../codec/enhancement/frame-symbols.ts";
import { EnhancementReconstructor } from "../../codec/enhancement/reconstruction.ts";
import { CodecError } from "../../codec/errors.ts";
import { hashPicture } from "../../codec/hash/picture-hash.ts";
import type { Executor } from "../../codec/model/executor.ts";
import { LATENT_PLANES, type Model } from "../../codec/model/model-file.ts";
import type { Picture } from "../../codec/picture/picture.ts";

/** `self-test.json` beside the model: what an exact device makes of the pictures below. */
export type SelfTestAnswers = {
	readonly modelId: string;
	/** CRC-32C of each picture. */
	readonly hashes: readonly number[];
};

/** Name of the file in the model's folder. */
export const SELF_TEST_FILE = "self-test.json";

/** Side of the pictures: the smallest that has more than one cell on the coarsest grid, and an edge that is cut. */
const SIDE = 40;
const CODED = 64;

type TestFrame = Pick<FrameSymbols, "type" | "q"> & { readonly place: number };

/** In order of decoding; their places are those in order of time. */
const FRAMES: readonly TestFrame[] = [
	{ type: "intra", q: 20, place: 0 },
	{ type: "inter", q: 40, place: 1 },
	{ type: "inter", q: 63, place: 3 },
	{ type: "bidirectional", q: 32, place: 2 },
];
const FRAME_DURATION = 40_000;

/**
 * Reads the answers.
 *
 * @throws CodecError `model-invalid` where the file is none, or belongs to other weights
 */
export function readSelfTest(bytes: Uint8Array, modelId: string): SelfTestAnswers {
	let answers: unknown;
	try {
		answers = JSON.parse(new TextDecoder().decode(bytes));
	} catch (cause) {
		throw new CodecError("model-invalid", `${SELF_TEST_FILE} is not JSON.`, { cause });
	}
	if (!isAnswers(answers)) throw new CodecError("model-invalid", `${SELF_TEST_FILE} has no hashes.`);
	if (answers.modelId !== modelId) {
		throw new CodecError(
			"model-invalid",
			`${SELF_TEST_FILE} belongs to model ${answers.modelId}, not ${modelId}.`,
			{
				hint: "Write it again: player/pipeline/write-self-test.ts.",
			},
		);
	}
	return answers;
}

function isAnswers(value: unknown): value is SelfTestAnswers {
	if (typeof value !== "object" || value === null || !("modelId" in value) || !("hashes" in value)) return false;
	const { modelId, hashes } = value;
	return typeof modelId === "string" && Array.isArray(hashes) && hashes.every((hash) => typeof hash === "number");
}

/**
 * Reconstructs frames of every type from made-up symbols on this executor.
 *
 * @returns the hash of each picture
 * @throws CodecError `backend-failed`, `model-invalid`
 */
export async function runSelfTest(model: Model, executor: Executor): Promise<readonly number[]> {
	const reconstructor = await EnhancementReconstructor.create({ model, executor, width: SIDE, height: SIDE });
	try {
		const hashes: number[] = [];
		for (const [index, frame] of FRAMES.entries()) {
			const picture = await reconstructor.reconstruct(testSymbols(index, frame), testBase(index, frame));
			try {
				hashes.push(hashPicture(await picture.toPicture()));
			} finally {
				picture.dispose();
			}
		}
		return hashes;
	} finally {
		await reconstructor.dispose();
	}
}

/** @throws CodecError `picture-mismatch` where this executor is not exact */
export async function checkSelfTest(model: Model, executor: Executor, answers: SelfTestAnswers): Promise<void> {
	const hashes = await runSelfTest(model, executor);
	const wrong = hashes.findIndex((hash, i) => hash !== answers.hashes[i]);
	if (wrong === -1 && hashes.length === answers.hashes.length) return;
	throw new CodecError("picture-mismatch", `${executor.description} computes test picture ${wrong} differently.`, {
		hint: "This device or driver is not exact; the base is shown instead.",
	});
}

/** Numerical Recipes' linear congruential generator: the same numbers everywhere. */
function numbers(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state >>> 8;
	};
}

function testSymbols(index: number, { type, q, place }: TestFrame): FrameSymbols {
	const next = numbers(1 + index);
	const cells = CODED / 8;
	const latents = Int16Array.from({ length: LATENT_PLANES * cells * cells }, () =>
		next() % 8 === 0 ? (next() % 129) - 64 : 0,
	);
	const moved = new Uint8Array(cells * cells);
	const vectors = new Int16Array(2 * cells * cells);
	for (let cell = 0; cell < cells * cells; cell++) {
		if (next() % 2 === 0) continue;
		moved[cell] = 1;
		vectors[2 * cell] = (next() % 81) - 40;
		vectors[2 * cell + 1] = (next() % 81) - 40;
	}
	const blocks = { columns: cells / 2, rows: cells / 2 };
	const copied = Uint8Array.from({ length: blocks.columns * blocks.rows }, () => next() % 2);
	const quality = Uint8Array.from({ length: (cells * cells) / 16 }, () => next() % 64);
	const directions = Uint8Array.from({ length: blocks.columns * blocks.rows }, () => next() % 3);
	return {
		type,
		q,
		quality,
		motion: type === "intra" ? undefined : { columns: cells, rows: cells, moved, vectors },
		directions: type === "bidirectional" ? { ...blocks, directions } : undefined,
		copied: type === "intra" ? undefined : { ...blocks, flags: copied },
		latents,
		baseHash: undefined,
		pictureHash: undefined,
		timestamp: place * FRAME_DURATION,
		duration: FRAME_DURATION,
	};
}

function testBase(index: number, { place }: TestFrame): Picture {
	const next = numbers(77 + index);
	const side = 2 * Math.ceil(SIDE / 8);
	const plane = (length: number) => Uint8Array.from({ length }, () => next() & 255);
	const chroma = (side / 2) ** 2;
	return {
		width: side,
		height: side,
		y: plane(side * side),
		u: plane(chroma),
		v: plane(chroma),
		timestamp: place * FRAME_DURATION,
	};
}
