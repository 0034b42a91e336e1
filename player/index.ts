/** The player: importing this module defines `<crescendo-video>` and `<crescendo-player>`. See docs/player.md. */
import "./element/define-player.ts";

export {
	type BackendPreference,
	type CapturedPicture,
	CrescendoPlayerElement,
	CrescendoVideoElement,
	type EnhancementChange,
	type EnhancementError,
	type EnhancementEvents,
	type EnhancementMode,
	type EnhancementReason,
	type EnhancementState,
	type PlayerStatistics,
	REASONS,
	type StageTimes,
} from "./classes.ts";
