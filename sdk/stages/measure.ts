import { EnhancementEncoder } from "../../codec/enhancement/encoder.ts";
import type { Executor } from "../../codec/model/executor.ts";
import type { Model } from "../../codec/model/model-file.ts";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Speed } from "./plan.ts";

/** Two sizes tell what a frame costs at least and what each pixel adds; a third where the machine is quick. */
const SMALL = { width: 64, height: 64 };
const MIDDLE = { width: 256, height: 160 };
const LARGE = { width: 960, height: 544 };

/** Where a frame of the middle size takes longer, in seconds, the largest is not tried. */
const SLOW_FRAME = 0.04;

/** Where a frame of the smallest size takes longer, in seconds, nothing else is tried: people should not wait for a verdict. */
const HOPELESS_FRAME = 0.15;

/** Frames after the first (which compiles and warms up). */
const FRAMES = 2;

/** A texture that moves, so that motion search and entropy coder have real work. */
const testPicture = (width: number, height: number, step: number): Picture => {
	const y = new Uint8Array(width * height);
	for (let row = 0; row < height; row++) {
		for (let column = 0; column < width; column++) {
			const at = column + 3 * step;
			const texture = ((at * 73) ^ (row * 151) ^ (((at >> 3) * (row >> 3)) << 2)) & 63;
			y[row * width + column] = 64 + ((at + row) & 63) + texture;
		}
	}
	const chroma = (width >> 1) * (height >> 1);
	return {
		width,
		height,
		y,
		u: new Uint8Array(chroma).fill(110),
		v: new Uint8Array(chroma).fill(140),
		timestamp: step * 40_000,
	};
};

/** Seconds for one inter frame at a size: the fastest of a few, which is the one that nothing disturbed. */
const timeFrames = async (
	model: Model,
	executor: Executor,
	size: { readonly width: number; readonly height: number },
	q: number,
	signal: AbortSignal,
): Promise<number> => {
	const encoder = await EnhancementEncoder.create({ model, executor, ...size });
	try {
		let best = Number.POSITIVE_INFINITY;
		for (let step = 0; step <= FRAMES; step++) {
			const source = testPicture(size.width, size.height, step);
			const base = downscalePicture(source);
			const type = step === 0 ? "intra" : "inter";
			const start = performance.now();
			const { reconstruction } = await encoder.encode(source, base, { type, q, duration: 40_000 }, signal);
			reconstruction.dispose();
			if (step > 0) {
				best = Math.min(best, (performance.now() - start) / 1000);
			}
			if (best < Number.POSITIVE_INFINITY && best > HOPELESS_FRAME) {
				break;
			}
		}
		return best;
	} finally {
		await encoder.dispose();
	}
};

/**
 * Encodes a few small pictures and tells how long a frame of any size will take. About half a second.
 * @throws CodecError `backend-failed`, `aborted`
 */
export const measureSpeed = async (
	model: Model,
	executor: Executor,
	q: number,
	signal: AbortSignal,
): Promise<Speed> => {
	const small = await timeFrames(model, executor, SMALL, q, signal);
	if (small > HOPELESS_FRAME) {
		return { fixed: 0, each: small / (SMALL.width * SMALL.height) };
	}
	const middle = await timeFrames(model, executor, MIDDLE, q, signal);
	if (middle > SLOW_FRAME) {
		return through(SMALL, small, MIDDLE, middle);
	}
	return through(MIDDLE, middle, LARGE, await timeFrames(model, executor, LARGE, q, signal));
};

type Size = { readonly width: number; readonly height: number };

/** The line through two measurements. */
const through = (less: Size, quick: number, more: Size, slow: number): Speed => {
	const pixels = (size: Size) => size.width * size.height;
	const each = Math.max(0, (slow - quick) / (pixels(more) - pixels(less)));
	return { fixed: Math.max(0, quick - each * pixels(less)), each };
};
