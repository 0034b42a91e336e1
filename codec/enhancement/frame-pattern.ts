import type { FrameType } from "../bitstream/frame-header.ts";
import { CodecError } from "../errors.ts";
import { QUALITIES } from "../model/model-file.ts";

/** Which frames are intra, and how much finer or coarser than the nominal quality each frame is. */
export type FramePattern = {
	/** Frames from one intra frame to the next, 1 or more; `Infinity` where only the caller begins anew. */
	readonly interval: number;
	/** Added to the nominal quality index of intra frames: all frames up to the next one profit. */
	readonly intraOffset: number;
	/**
	 * Added to the nominal quality index of inter frames in turn, starting after each intra frame. Where they differ, the mean of a GOP is the
	 * nominal quality over whole turns only.
	 */
	readonly interOffsets: readonly number[];
	/**
	 * Where every other inter frame is bidirectional: added to the nominal quality index of those, for no frame refers to them, and of the inter
	 * frames that are left, in place of `interOffsets`.
	 */
	readonly bidirectional?: { readonly offset: number; readonly interOffset: number };
};

/** Every fourth inter frame is finer, for the three after it inherit what it has: 1 % fewer bits at equal quality (`bench/rd/EXPERIMENTS.md`). */
export const DEFAULT_PATTERN: FramePattern = { interval: 60, intraOffset: 10, interOffsets: [-2, -2, -2, 6] };

/** The default where a GOP ends with the base's, at whatever frame that is: count from the base's sync sample on. */
export const BASE_LED_PATTERN: FramePattern = { ...DEFAULT_PATTERN, interval: Number.POSITIVE_INFINITY };

/** With bidirectional frames: 6 % fewer bits at equal quality (`bench/rd/EXPERIMENTS.md`). */
export const BIDIRECTIONAL_PATTERN: FramePattern = {
	...BASE_LED_PATTERN,
	bidirectional: { offset: -12, interOffset: 4 },
};

/** What a frame is to become. */
export type FrameChoice = { readonly type: FrameType; readonly q: number };

/**
 * Type and quality of a frame.
 *
 * @param index frame number since the last forced intra frame (or the start)
 * @param nominal quality index 0..63
 * @param followed whether a frame of the same GOP is behind it: without one it cannot be bidirectional
 * @throws CodecError `invalid-option`
 */
export function frameChoice(
	index: number,
	nominal: number,
	pattern: FramePattern = DEFAULT_PATTERN,
	followed = false,
): FrameChoice {
	if (!Number.isInteger(nominal) || nominal < 0 || nominal >= QUALITIES) {
		throw new CodecError("invalid-option", `Quality ${nominal} is not one of 0..${QUALITIES - 1}.`);
	}
	const { interval } = pattern;
	if (!(Number.isInteger(interval) || interval === Number.POSITIVE_INFINITY) || interval < 1) {
		throw new CodecError(
			"invalid-option",
			"The intra interval must be a whole number of frames, 1 or more, or Infinity.",
		);
	}
	const place = index % interval;
	const { interOffsets, intraOffset, bidirectional } = pattern;
	const choice = (type: FrameType, offset: number) => {
		return { type, q: Math.min(Math.max(nominal + offset, 0), QUALITIES - 1) };
	};
	if (place === 0) return choice("intra", intraOffset);
	if (bidirectional === undefined) {
		return choice("inter", interOffsets[(place - 1) % Math.max(interOffsets.length, 1)] ?? 0);
	}
	const between = place % 2 === 1 && followed && place + 1 < interval;
	return between ? choice("bidirectional", bidirectional.offset) : choice("inter", bidirectional.interOffset);
}
