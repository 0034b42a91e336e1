/** The player's classes without defining any element: for pages that choose their own names, and for types. */
export { CrescendoPlayerElement } from "./element/crescendo-player.ts";
export { CrescendoVideoElement } from "./element/crescendo-video.ts";
export type { EnhancementChange, EnhancementError, EnhancementEvents } from "./element/enhancement-events.ts";
export type { CapturedPicture } from "./pipeline/capture.ts";
export type { StageTimes } from "./pipeline/messages.ts";
export {
	type BackendPreference,
	type EnhancementMode,
	type EnhancementReason,
	type EnhancementState,
	REASONS,
} from "./reasons.ts";
export type { PlayerStatistics } from "./statistics/statistics.ts";
