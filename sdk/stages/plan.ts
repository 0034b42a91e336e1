import type { ExecutorKind } from "../../codec/model/executor.ts";

/** How fast a backend encodes, from a measurement at the start: seconds for one frame of `pixels` are `fixed + pixels * each`. */
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
	/** The person asked for this backend: the enhancement is coded however long it takes. */
	readonly insisted: boolean;
};

/** The decision: one size for the full picture, whether it gets its enhancement, and what to tell. */
export type Plan = {
	readonly width: number;
	readonly height: number;
	readonly enhanced: boolean;
	/** Of a live source: frames a second that are taken; undefined takes all. */
	readonly pace: number | undefined;
	/** Frames a second, all layers; undefined where nothing is measured. */
	readonly predictedFps: number | undefined;
	readonly notice: string | undefined;
};

/** Longest sides that are tried below the source's own. */
const LADDER = [3840, 2560, 1920, 1280, 960, 854, 640, 480, 426, 320];

/** Nobody minds waiting so long, however short the video, in seconds. */
const SHORT_WAIT = 60;

/** At the smallest size a wait of so many seconds is accepted, however short the video, before the enhancement is left out. */
const LONG_WAIT = 600;

/** Of the measured speed, what can be counted on: the base and whatever else the machine does take the rest. */
const MARGIN = 0.8;

/** A live picture becomes no smaller than this, on its longest side, while frames can be left out instead. */
const LIVE_SIDE = 640;

/** Fewer frames a second than this are no live video. */
const LIVE_RATE = 10;

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

const framesPerSecond = (speed: Speed, width: number, height: number, layers: number): number =>
	MARGIN / (layers * (speed.fixed + speed.each * width * height));

const inWords = (seconds: number): string => {
	if (seconds < 90) {
		return `${Math.max(1, Math.round(seconds))} seconds`;
	}
	return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${(seconds / 3600).toFixed(1)} hours`;
};

/**
 * Chooses the largest size that can be encoded within the person's patience. On a slow machine that is a smaller picture,
 * and, where even the smallest would take many times as long, no enhancement; `notice` says so in a sentence.
 * @param decided a size that cannot be chosen any more: what it takes is told.
 */
export const choosePlan = (task: Task, backend: Backend, decided?: Size): Plan => {
	const full = fitWithin(task.width, task.height, task.maxSize);
	if (backend.kind === "none") {
		const size = fitWithin(task.width, task.height, Math.min(task.maxSize, BASE_ONLY_SIDE));
		const notice = `Only the base is uploaded, at ${size.width}x${size.height}: ${backend.reason}`;
		const told = backend.chosen ? undefined : notice;
		return { ...size, enhanced: false, pace: undefined, predictedFps: undefined, notice: told };
	}
	return task.live ? chooseLive(task, full, backend) : chooseRecorded(task, full, backend, decided);
};

/** Pictures of so many times the pixels, or of so many times fewer, are another video to whoever waits for it or watches it. */
const FAR = 2.5;

/**
 * Whether a plan that was made by an estimate misses by far what the measurement, which came later, makes of the same task: then it is
 * worth beginning anew.
 */
export const isFarOff = (estimated: Plan, measured: Plan): boolean => {
	const ratio = (estimated.width * estimated.height) / (measured.width * measured.height);
	return estimated.enhanced !== measured.enhanced || ratio > FAR || ratio < 1 / FAR;
};

type Size = { readonly width: number; readonly height: number };
type Computing = Extract<Backend, { readonly speed: Speed }>;

/** The full size, and smaller ones of the same shape. */
const ladder = (task: Task, full: Size): readonly Size[] => {
	const longest = Math.max(full.width, full.height);
	return [full, ...LADDER.filter((side) => side < longest).map((side) => fitWithin(task.width, task.height, side))];
};

/**
 * A live source must be coded as fast as it comes. The picture becomes smaller, down to `LIVE_SIDE`, before pictures are left
 * out, and pictures are left out, down to `LIVE_RATE`, before it becomes smaller still.
 */
const chooseLive = (task: Task, full: Size, backend: Computing): Plan => {
	const fps = (size: Size) => framesPerSecond(backend.speed, size.width, size.height, task.layers);
	const sizes = ladder(task, full);
	const fair = sizes.filter(({ width, height }, index) => index === 0 || Math.max(width, height) >= LIVE_SIDE);
	const least = Math.min(LIVE_RATE, task.frameRate);
	const size =
		fair.find((candidate) => fps(candidate) >= task.frameRate) ??
		[...fair].reverse().find((candidate) => fps(candidate) >= least) ??
		sizes.find((candidate) => fps(candidate) >= least) ??
		(task.insisted ? sizes.at(-1) : undefined);
	const where = backend.kind === "wasm" ? "on the processor (WASM)" : "here";
	const because = backend.fellBack === undefined ? "" : `${backend.fellBack}. `;
	if (size === undefined) {
		const base = fitWithin(task.width, task.height, Math.min(task.maxSize, BASE_ONLY_SIDE));
		const notice = `${because}Only the base is uploaded, at ${base.width}x${base.height}: the enhancement could not keep up ${where}.`;
		return { ...base, enhanced: false, pace: undefined, predictedFps: fps(sizes.at(-1) ?? full), notice };
	}
	const predictedFps = fps(size);
	const pace = fps(size) >= task.frameRate ? undefined : fps(size);
	const reduced = size === full ? [] : [`at ${size.width}x${size.height} instead of ${full.width}x${full.height}`];
	const paced = pace === undefined ? [] : [`with ${pace.toFixed(1)} of ${task.frameRate.toFixed(1)} frames a second`];
	const given = [...reduced, ...paced].join(", ");
	const notice =
		given === "" && because === ""
			? undefined
			: `${because}The enhancement is computed ${where} ${given}`.trim() + ".";
	return { ...size, enhanced: true, pace, predictedFps, notice };
};

const chooseRecorded = (task: Task, full: Size, backend: Computing, decided: Size | undefined): Plan => {
	const sizes = ladder(task, full);
	const allowed = task.duration === undefined ? undefined : Math.max(SHORT_WAIT, task.patience * task.duration);
	// Where nobody knows the end, each second of video may take `patience` seconds.
	const needed =
		allowed === undefined ? task.frameRate / task.patience : (task.frameRate * (task.duration ?? 0)) / allowed;
	const fps = (size: { readonly width: number; readonly height: number }) =>
		framesPerSecond(backend.speed, size.width, size.height, task.layers);
	const size = decided ?? sizes.find((candidate) => fps(candidate) >= needed) ?? sizes.at(-1) ?? full;
	const predictedFps = fps(size);
	const where = backend.kind === "wasm" ? "on the processor (WASM)" : "here";
	const because = backend.fellBack === undefined ? "" : `${backend.fellBack}. `;
	const wait = (task.frameRate * (task.duration ?? 0)) / predictedFps;
	const bearable = allowed === undefined ? predictedFps >= needed : wait <= Math.max(LONG_WAIT, allowed);
	if (!bearable && !task.insisted && decided === undefined) {
		const base = fitWithin(task.width, task.height, Math.min(task.maxSize, BASE_ONLY_SIDE));
		const long = task.duration === undefined ? "would take too long" : `would take ${inWords(wait)}`;
		const notice =
			`Only the base is uploaded, at ${base.width}x${base.height}: the enhancement ${long} ${where}. ${because}`.trim();
		return { ...base, enhanced: false, pace: undefined, predictedFps, notice };
	}
	const isFull = size.width === full.width && size.height === full.height;
	if (isFull && backend.fellBack === undefined) {
		return { ...size, enhanced: true, pace: undefined, predictedFps, notice: undefined };
	}
	const reduced = isFull ? "" : ` instead of ${full.width}x${full.height}`;
	const duration = task.duration === undefined ? "" : `, which takes about ${inWords(wait)}`;
	const notice = `${because}The enhancement is computed ${where} at ${size.width}x${size.height}${reduced}${duration}.`;
	return { ...size, enhanced: true, pace: undefined, predictedFps, notice };
};
