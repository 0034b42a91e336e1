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
	/** Seconds; undefined for a live source, which must keep up. */
	readonly duration: number | undefined;
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
	/** Frames a second, all layers; undefined where nothing is measured. */
	readonly predictedFps: number | undefined;
	readonly notice: string | undefined;
};

/** Longest sides that are tried below the source's own. */
const LADDER = [3840, 2560, 1920, 1280, 960, 854, 640, 480, 426, 320];

/** Nobody minds waiting so long, however short the video, in seconds. */
const SHORT_WAIT = 60;

/**
 * At the smallest size the wait may be so many times longer than `patience`, and so many seconds in any case, before the
 * enhancement is left out.
 */
const STRETCH = 4;
const LONG_WAIT = 600;

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
	1 / (layers * (speed.fixed + speed.each * width * height));

const inWords = (seconds: number): string => {
	if (seconds < 90) {
		return `${Math.max(1, Math.round(seconds))} seconds`;
	}
	return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${(seconds / 3600).toFixed(1)} hours`;
};

/**
 * Chooses the largest size that can be encoded within the person's patience. On a slow machine that is a smaller picture,
 * and, where even the smallest would take many times as long, no enhancement; `notice` says so in a sentence.
 */
export const choosePlan = (task: Task, backend: Backend): Plan => {
	const full = fitWithin(task.width, task.height, task.maxSize);
	if (backend.kind === "none") {
		const size = fitWithin(task.width, task.height, Math.min(task.maxSize, BASE_ONLY_SIDE));
		const notice = `Only the base is uploaded, at ${size.width}x${size.height}: ${backend.reason}`;
		return { ...size, enhanced: false, predictedFps: undefined, notice: backend.chosen ? undefined : notice };
	}
	const longest = Math.max(full.width, full.height);
	const sizes = [
		full,
		...LADDER.filter((side) => side < longest).map((side) => fitWithin(task.width, task.height, side)),
	];
	const allowed = task.duration === undefined ? undefined : Math.max(SHORT_WAIT, task.patience * task.duration);
	const needed = allowed === undefined ? task.frameRate : (task.frameRate * (task.duration ?? 0)) / allowed;
	const fps = (size: { readonly width: number; readonly height: number }) =>
		framesPerSecond(backend.speed, size.width, size.height, task.layers);
	const size = sizes.find((candidate) => fps(candidate) >= needed) ?? sizes.at(-1) ?? full;
	const predictedFps = fps(size);
	const where = backend.kind === "wasm" ? "on the processor (WASM)" : "here";
	const because = backend.fellBack === undefined ? "" : `${backend.fellBack}. `;
	const wait = (task.frameRate * (task.duration ?? 0)) / predictedFps;
	const bearable = allowed === undefined ? predictedFps >= needed : wait <= Math.max(LONG_WAIT, STRETCH * allowed);
	if (!bearable && !task.insisted) {
		const base = fitWithin(task.width, task.height, Math.min(task.maxSize, BASE_ONLY_SIDE));
		const long = task.duration === undefined ? "could not keep up" : `would take ${inWords(wait)}`;
		const notice =
			`Only the base is uploaded, at ${base.width}x${base.height}: the enhancement ${long} ${where}. ${because}`.trim();
		return { ...base, enhanced: false, predictedFps, notice };
	}
	if (size === full && backend.fellBack === undefined) {
		return { ...size, enhanced: true, predictedFps, notice: undefined };
	}
	const reduced = size === full ? "" : ` instead of ${full.width}x${full.height}`;
	const duration = task.duration === undefined ? "" : `, which takes about ${inWords(wait)}`;
	const notice = `${because}The enhancement is computed ${where} at ${size.width}x${size.height}${reduced}${duration}.`;
	return { ...size, enhanced: true, predictedFps, notice };
};
