import { compileKernels, instantiateKernels } from "../../codec/kernels/kernels.ts";
import type { Kernels } from "../../codec/kernels/kernels.ts";
import type { Speed } from "./plan.ts";

/**
 * Convolutions of the kind that the networks are mostly made of: 32 channels into 32, three pixels wide and high. Most are of integers; of a
 * frame's multiplications those of floats, the encoder's own, are a sixth.
 */
const CHANNELS = 32;
const BLOCKS = CHANNELS / 4;
const SIZE = 3;
const WIDTH = 64;
const INTEGER_LINES = 40;
const FLOAT_LINES = 8;

/** Where they lie: a line of a plane has room for the margins that kernels read, and for what they read beyond it. */
const MARGIN = 2;
const PLANE_BYTES = 4 * (WIDTH + 2 * MARGIN + 8);
/** Of floats. Integers take half of it: two channels share a plane. */
const ROW_BYTES = CHANNELS * PLANE_BYTES;
const TENSOR_BYTES = (INTEGER_LINES + 2 * MARGIN) * ROW_BYTES;
const INPUT = MARGIN * ROW_BYTES + 4 * MARGIN;
const OUTPUT = TENSOR_BYTES + INPUT;
const WEIGHTS = 2 * TENSOR_BYTES;
const BIASES = WEIGHTS + 4 * CHANNELS * CHANNELS * SIZE * SIZE;
const PAGE_BYTES = 65_536;
const PAGES = Math.ceil((BIASES + 4 * CHANNELS) / PAGE_BYTES);

/**
 * Milliseconds of rounds that make a browser optimise their code, and those that it is given for that, on a thread of its own: without
 * them the rounds that count ran half as fast in one page of two.
 */
const WARMING = 30;
const OPTIMISING = 80;

/** Milliseconds of rounds that count, and at least this many: a machine that is busy for a moment should not count as a slow one. */
const BUDGET = 60;
const LEAST_ROUNDS = 8;

/**
 * What a frame takes with the effort `normal`, in rounds of {@link round}: a round takes 0.87 ms where frames of 320x180, 426x238 and 640x360 take
 * the processor 104, 179 and 414 ms, all on one thread of one machine. Two thirds of that are spent in kernels; the rest, search for motion
 * and entropy coder above all, is not timed: processors differ less in how the two compare than in how fast they are, but how much less is a guess. An
 * error costs what one of a GPU's speed does (`estimate-gpu.ts`).
 */
const ROUNDS = { fixed: 4, each: 0.0021 };

/** All numbers are zeros, which take as long as any others. */
const round = (kernels: Kernels): void => {
	const planes = [ROW_BYTES, PLANE_BYTES] as const;
	const weights = [SIZE, WEIGHTS, BIASES] as const;
	const integers = [INPUT, ...planes, CHANNELS / 2, OUTPUT, ...planes, BLOCKS, WIDTH, INTEGER_LINES] as const;
	const floats = [INPUT, ...planes, CHANNELS, OUTPUT, ...planes, BLOCKS, WIDTH, FLOAT_LINES] as const;
	const residual = [0, 0, 0] as const;
	kernels.convolve(...integers, ...weights, 0, 0, ...residual, -1, 1);
	kernels.convolveFloat(...floats, ...weights, 1, ...residual);
};

/**
 * How fast a processor will encode, told by the kernels that the networks run on within a fifth of a second: before the networks are there, so
 * that the first seconds of the base need not wait for them. The fastest round counts: nothing else on the machine disturbed it.
 * @param now milliseconds; a test brings its own clock.
 * @throws CodecError `backend-unavailable` where there is no WebAssembly to compute on
 */
export const estimateSpeed = async (now: () => number = () => performance.now()): Promise<Speed> => {
	// Says what is wrong where there is no `WebAssembly` at all.
	await compileKernels();
	const kernels = await instantiateKernels(new WebAssembly.Memory({ initial: PAGES }));
	const fastest = (milliseconds: number): number => {
		const start = now();
		let best = Number.POSITIVE_INFINITY;
		for (let rounds = 0; rounds < LEAST_ROUNDS || now() - start < milliseconds; rounds++) {
			const before = now();
			round(kernels);
			best = Math.min(best, now() - before);
		}
		return best;
	};
	const warming = fastest(WARMING);
	await new Promise((resolve) => setTimeout(resolve, OPTIMISING));
	const seconds = Math.min(warming, fastest(BUDGET)) / 1000;
	return { fixed: seconds * ROUNDS.fixed, each: seconds * ROUNDS.each };
};
