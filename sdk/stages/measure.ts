import type { Effort } from "../../codec/enhancement/effort.ts";
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

/** Where each frame of the smallest size takes longer, in seconds, nothing else is tried: people should not wait for a verdict. */
const HOPELESS_FRAME = 1;
const HOPELESS_FRAMES = 3;

/** How much of the smallest frame's time does not grow with the size, on one thread of WASM, where this alone is known. */
const FIXED_SHARE = 0.7;

/**
 * Seconds for the frames of one size. The first frames of a page are several times slower than later ones (its code is not compiled yet):
 * so there are as many as fit, and the fastest counts, which also is the one that nothing else on the machine disturbed.
 */
const BUDGET = 0.25;
const MOST_FRAMES = 12;

/**
 * On a slow or busy machine a single frame takes longer than that, and would be the first one, which says nothing: seconds that may pass
 * until there are so many frames all the same. It is there that the verdict matters.
 */
const LEAST_FRAMES = 5;
const LONGEST = 2;

/** Whether what was seen of one size suffices; the first frame alone never does. @param seconds since that began. */
export const isEnough = (frames: number, seconds: number): boolean =>
	frames >= MOST_FRAMES || (frames > 1 && seconds >= (frames < LEAST_FRAMES ? LONGEST : BUDGET));

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

/** What is measured. */
export type Measured = { readonly q: number; readonly effort: Effort };

/** Frames of one size, one after the other. */
class Probe {
	readonly #encoder: EnhancementEncoder;
	readonly #size: Size;
	readonly #q: number;
	readonly #signal: AbortSignal;
	#step = 0;
	/** Seconds for the fastest inter frame so far. */
	best = Number.POSITIVE_INFINITY;

	private constructor(encoder: EnhancementEncoder, size: Size, q: number, signal: AbortSignal) {
		this.#encoder = encoder;
		this.#size = size;
		this.#q = q;
		this.#signal = signal;
	}

	/** With its first frame coded, which compiles. */
	static async open(
		model: Model,
		executor: Executor,
		size: Size,
		{ q, effort }: Measured,
		signal: AbortSignal,
	): Promise<Probe> {
		const probe = new Probe(await EnhancementEncoder.create({ model, executor, effort, ...size }), size, q, signal);
		try {
			await probe.#encode("intra");
		} catch (error) {
			await probe.close();
			throw error;
		}
		return probe;
	}

	/** Codes inter frames until there are enough. @param most frames that are enough in any case. */
	async run(most = MOST_FRAMES): Promise<void> {
		const start = performance.now();
		let frames = 0;
		do {
			this.best = Math.min(this.best, await this.#encode("inter"));
			frames += 1;
		} while (frames < most && !isEnough(frames, (performance.now() - start) / 1000));
	}

	close(): Promise<void> {
		return this.#encoder.dispose();
	}

	async #encode(type: "intra" | "inter"): Promise<number> {
		const source = testPicture(this.#size.width, this.#size.height, this.#step++);
		const base = downscalePicture(source);
		const start = performance.now();
		const choice = { type, q: this.#q, duration: 40_000 };
		const { reconstruction } = await this.#encoder.encode(source, base, choice, this.#signal);
		reconstruction.dispose();
		return (performance.now() - start) / 1000;
	}
}

/**
 * Encodes some small pictures and tells how long a frame of any size will take. Half a second on a quick machine, up to four on a slow
 * one, and what compiling takes.
 * @throws CodecError `backend-failed`, `aborted`
 */
export const measureSpeed = async (
	model: Model,
	executor: Executor,
	what: Measured,
	signal: AbortSignal,
): Promise<Speed> => {
	const probes: Probe[] = [];
	const open = async (size: Size): Promise<Probe> => {
		const probe = await Probe.open(model, executor, size, what, signal);
		probes.push(probe);
		return probe;
	};
	try {
		const small = await open(SMALL);
		// The first frame compiles, and beside other work any single one may be slow: it takes three to say that there is no hope.
		await small.run(HOPELESS_FRAMES);
		if (small.best > HOPELESS_FRAME) {
			return { fixed: FIXED_SHARE * small.best, each: ((1 - FIXED_SHARE) * small.best) / pixels(SMALL) };
		}
		const middle = await open(MIDDLE);
		await middle.run();
		if (middle.best > SLOW_FRAME) {
			// Again, now that its code is compiled: a slow small frame would make the others look cheap.
			await small.run();
			return speedThrough(SMALL, small.best, MIDDLE, middle.best);
		}
		const large = await open(LARGE);
		await large.run();
		return speedThrough(MIDDLE, middle.best, LARGE, large.best);
	} finally {
		for (const probe of probes) {
			await probe.close();
		}
	}
};

type Size = { readonly width: number; readonly height: number };

const pixels = ({ width, height }: Size): number => width * height;

/** At least this share of a frame's time grows with its size, whatever the two measurements say. */
const LEAST_SHARE = 0.25;

/** The line through the seconds of a frame of two sizes. */
export const speedThrough = (less: Size, quick: number, more: Size, slow: number): Speed => {
	const slope = (slow - quick) / (pixels(more) - pixels(less));
	const each = Math.max(slope, (LEAST_SHARE * slow) / pixels(more));
	return { fixed: Math.max(0, slow - each * pixels(more)), each };
};
