import type { Effort } from "../../codec/enhancement/effort.ts";
import type { ExecutorKind } from "../../codec/model/executor.ts";
import { allowedWait, LIVE_RATE } from "./patience.ts";

/**
 * How fast a backend encodes with the effort that the source asks for (`effortFor`): seconds for one frame of `pixels` are
 * `fixed + pixels * each`.
 */
export type Speed = { readonly fixed: number; readonly each: number };

/** What there is to compute on, or why there is nothing. */
export type Backend =
	| { readonly kind: ExecutorKind; readonly speed: Speed; readonly fellBack: string | undefined }
	| { readonly kind: "none"; readonly reason: string; readonly chosen: boolean };

/** What is about to be encoded. */
export type Task = {
	/** As shown. */
	readonly width: number;
	readonly height: number;
	/** Seconds; undefined where the end is not known. */
	readonly duration: number | undefined;
	/** Must keep up with what it is shown. */
	readonly live: boolean;
	readonly frameRate: number;
	readonly maxSize: number;
	readonly patience: number;
	/** How many enhancements. */
	readonly layers: number;
	/** The developer asked for this backend: there is an enhancement however long it takes. */
	readonly insisted: boolean;
};

/**
 * What a person does not get because this machine is slow: the source's size, the encoder's usual effort, each frame of a live source,
 * the enhancement, or the enhancement from some moment on.
 */
export type GivenUp = "size" | "effort" | "frames" | "enhancement" | "rest-of-enhancement";

/** The decision: one size for the full picture, whether it gets its enhancement and with what effort, and what to tell. */
export type Plan = {
	readonly width: number;
	readonly height: number;
	readonly enhanced: boolean;
	/** How hard the enhancement's encoder tries. */
	readonly effort: Effort;
	readonly givenUp: readonly GivenUp[];
	/** Of a live source: frames a second that are taken; undefined takes all. */
	readonly pace: number | undefined;
	/** Frames a second, all layers; undefined where nothing is measured. */
	readonly predictedFps: number | undefined;
	readonly notice: string | undefined;
};

/** Longest sides that are tried below the source's own. */
const LADDER = [3840, 2560, 1920, 1280, 960, 854, 640, 480, 426, 320];

/**
 * What a frame takes with the effort `realtime`, of what it takes with `normal` or `live`. The networks' multiplications are 0.66 (`bench/macs.test.ts`); with
 * everything around them it is 0.65 to 0.74 of the processor's time on WASM (at 320x180, 426x238 and 640x360, on one machine). Of a GPU it is not
 * measured.
 */
export const REALTIME_COST = 0.68;

/** Of the measured speed, what can be counted on: the base and whatever else the machine does take the rest. */
const MARGIN = 0.8;

/** A live picture becomes no smaller than this, on its longest side, while frames can be left out instead. */
const LIVE_SIDE = 640;

/** Longest side of a video that has no enhancement: a base that is watched as it is. */
const BASE_ONLY_SIDE = 640;

/** @returns the size with the longest side at most `side`, the same shape, even numbers from 16 on. */
export const fitWithin = (
	width: number,
	height: number,
	side: number,
): { readonly width: number; readonly height: number } => {
	const longest = Math.max(width, height);
	if (longest <= side) {
		return { width, height };
	}
	const even = (value: number) => Math.max(16, 2 * Math.round((value * side) / longest / 2 - 0.25));
	return { width: even(width), height: even(height) };
};

/** The speed of a backend that was seen to code so many frames a second of one size. */
export const speedSeen = (fps: number, { width, height }: Size, layers: number): Speed => ({
	fixed: 0,
	each: 1 / (fps * layers * width * height),
});

/** Frames a second that can be counted on, with the effort that the speed is of. */
export const framesPerSecond = (speed: Speed, width: number, height: number, layers: number): number =>
	MARGIN / (layers * (speed.fixed + speed.each * width * height));

const inWords = (seconds: number): string => {
	if (seconds < 90) {
		return `${Math.max(1, Math.round(seconds))} seconds`;
	}
	return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${(seconds / 3600).toFixed(1)} hours`;
};

/**
 * Chooses the largest size that can be encoded within the person's patience, by an encoder that tries less hard where that makes the
 * difference. On a slow machine that is a smaller picture, and, where even the smallest would take longer than the person should wait, no
 * enhancement; `notice` says so in a sentence.
 * @param decided a size that cannot be chosen any more, as its base is under way: what it takes is told.
 */
export const choosePlan = (task: Task, backend: Backend, decided?: Size): Plan => {
	const full = fitWithin(task.width, task.height, task.maxSize);
	if (backend.kind === "none") {
		return backend.chosen
			? { ...baseAlone(task, ""), givenUp: [], notice: undefined }
			: baseAlone(task, backend.reason);
	}
	return task.live ? chooseLive(task, full, backend, decided) : chooseRecorded(task, full, backend, decided);
};

/** No enhancement, and a base that can stand for itself. */
const baseAlone = (task: Task, why: string, predictedFps?: number): Plan => {
	const size = fitWithin(task.width, task.height, Math.min(task.maxSize, BASE_ONLY_SIDE));
	const notice = `Only the base is uploaded, at ${size.width}x${size.height}: ${why}`;
	const effort = task.live ? "realtime" : "normal";
	return { ...size, enhanced: false, effort, givenUp: ["enhancement"], pace: undefined, predictedFps, notice };
};

type Size = { readonly width: number; readonly height: number };
type Computing = Extract<Backend, { readonly speed: Speed }>;

/** The full size, and smaller ones of the same shape. */
const ladder = (task: Task, full: Size): readonly Size[] => {
	const longest = Math.max(full.width, full.height);
	return [full, ...LADDER.filter((side) => side < longest).map((side) => fitWithin(task.width, task.height, side))];
};

/**
 * A live source must be coded as fast as it comes: with the effort `live` where that is so, else with `realtime`. The picture becomes smaller, down to `LIVE_SIDE`, before pictures are left
 * out, and pictures are left out, down to `LIVE_RATE`, before it becomes smaller still.
 */
const chooseLive = (task: Task, full: Size, backend: Computing, decided: Size | undefined): Plan => {
	const fps = (size: Size) => framesPerSecond(backend.speed, size.width, size.height, task.layers);
	const sizes = decided === undefined ? ladder(task, full) : [decided];
	const fair = sizes.filter(({ width, height }, index) => index === 0 || Math.max(width, height) >= LIVE_SIDE);
	const least = Math.min(LIVE_RATE, task.frameRate);
	const size =
		fair.find((candidate) => fps(candidate) >= task.frameRate) ??
		[...fair].reverse().find((candidate) => fps(candidate) >= least) ??
		sizes.find((candidate) => fps(candidate) >= least) ??
		(task.insisted ? sizes.at(-1) : undefined);
	const where = whereIs(backend);
	const because = backend.fellBack === undefined ? "" : `${backend.fellBack}. `;
	if (size === undefined) {
		const why = `the enhancement could not keep up ${where}. ${because}`.trim();
		return baseAlone(task, why, fps(sizes.at(-1) ?? full));
	}
	// The speed is that of the least effort; whoever is fast enough for all frames with more of it does more.
	const effort = fps(size) * REALTIME_COST >= task.frameRate ? "live" : "realtime";
	const predictedFps = effort === "live" ? fps(size) * REALTIME_COST : fps(size);
	const pace = predictedFps >= task.frameRate ? undefined : predictedFps;
	const isFull = isSame(size, full);
	const reduced = isFull ? [] : [`at ${size.width}x${size.height} instead of ${full.width}x${full.height}`];
	const paced = pace === undefined ? [] : [`with ${pace.toFixed(1)} of ${task.frameRate.toFixed(1)} frames a second`];
	const given = [...reduced, ...paced].join(", ");
	const notice =
		given === "" && because === ""
			? undefined
			: `${because}The enhancement is computed ${where} ${given}`.trim() + ".";
	const givenUp: GivenUp[] = [
		...(isFull ? [] : ["size" as const]),
		...(pace === undefined ? [] : ["frames" as const]),
	];
	return { ...size, enhanced: true, effort, givenUp, pace, predictedFps, notice };
};

const isSame = (left: Size, right: Size): boolean => left.width === right.width && left.height === right.height;

const whereIs = ({ kind }: Computing): string => (kind === "wasm" ? "on the processor (WASM)" : "here");

/** A size, and how hard to try there. */
type Candidate = Size & { readonly effort: "normal" | "realtime" };

/** From what everybody would like to what is quickest. */
const candidates = (sizes: readonly Size[]): readonly Candidate[] =>
	sizes.flatMap((size): Candidate[] => [
		{ ...size, effort: "normal" },
		{ ...size, effort: "realtime" },
	]);

const chooseRecorded = (task: Task, full: Size, backend: Computing, decided: Size | undefined): Plan => {
	const { duration } = task;
	// Where nobody knows the end, each second of video may take `patience` seconds.
	const needed =
		duration === undefined ? task.frameRate / task.patience : (task.frameRate * duration) / allowedWait(task);
	const fps = ({ width, height, effort }: Candidate) =>
		framesPerSecond(backend.speed, width, height, task.layers) / (effort === "realtime" ? REALTIME_COST : 1);
	const tried = candidates(decided === undefined ? ladder(task, full) : [decided]);
	const found = tried.find((candidate) => fps(candidate) >= needed);
	const chosen = found ?? tried.at(-1) ?? { ...full, effort: "realtime" as const };
	const predictedFps = fps(chosen);
	const where = whereIs(backend);
	const because = backend.fellBack === undefined ? "" : `${backend.fellBack}. `;
	const wait = (task.frameRate * (duration ?? 0)) / predictedFps;
	if (found === undefined && !task.insisted && decided === undefined) {
		const long =
			duration === undefined
				? `would take too long ${where}`
				: `would take ${inWords(wait)} ${where}, more than the ${inWords(allowedWait(task))} that it may`;
		return baseAlone(task, `the enhancement ${long}. ${because}`.trim(), predictedFps);
	}
	const { effort, width, height } = chosen;
	const isFull = isSame(chosen, full);
	const givenUp: GivenUp[] = [
		...(isFull ? [] : ["size" as const]),
		...(effort === "normal" ? [] : ["effort" as const]),
	];
	const plan = { width, height, enhanced: true, effort, givenUp, pace: undefined, predictedFps };
	if (givenUp.length === 0 && backend.fellBack === undefined) {
		return { ...plan, notice: undefined };
	}
	const reduced = isFull ? "" : ` instead of ${full.width}x${full.height}`;
	const quickly = effort === "normal" ? "" : ", with less effort";
	const takes = duration === undefined ? "" : `, which takes about ${inWords(wait)}`;
	const notice = `${because}The enhancement is computed ${where} at ${width}x${height}${reduced}${quickly}${takes}.`;
	return { ...plan, notice };
};
