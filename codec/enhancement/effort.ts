/** How hard an encoder tries. What each costs and gains is in `bench/RESULTS.md`, "Effort". */
import type { MOTION_EFFORTS } from "../motion/search.ts";

export type EffortSettings = {
	/** Of the motion search. */
	readonly motion: keyof typeof MOTION_EFFORTS;
	/** Try each frame without copied blocks, then copy where that saves: a second synthesis. Without it no block is copied. */
	readonly copies: boolean;
	/** Every other inter frame is bidirectional, coded after the one behind it. Needs {@link lookAhead}. */
	readonly bidirectional: boolean;
	/** Frames of {@link lookAhead}: what stays is coded finer than what vanishes. 0: no delay. */
	readonly lookAhead: number;
};

export const EFFORTS = {
	/** Every frame once, when it comes: for cameras on a machine that has no time for more. */
	realtime: { motion: "fast", copies: false, bidirectional: false, lookAhead: 0 },
	/** When it comes, but as good as it can be then: for cameras. */
	live: { motion: "normal", copies: true, bidirectional: false, lookAhead: 0 },
	normal: { motion: "normal", copies: true, bidirectional: true, lookAhead: 8 },
	slow: { motion: "thorough", copies: true, bidirectional: true, lookAhead: 16 },
} as const satisfies Record<string, EffortSettings>;

export type Effort = keyof typeof EFFORTS;
