import type { EnhancementFault } from "../enhancer-options.ts";
import type { EnhancementReason, EnhancementState } from "../reasons.ts";
import type { PlayerStatistics } from "../statistics/statistics.ts";

/** Detail of `enhancementchange`. */
export type EnhancementChange = {
	readonly state: EnhancementState;
	/** Undefined while the enhanced picture is shown. */
	readonly reason: EnhancementReason | undefined;
	/** Id of the enhancement in use, if any. */
	readonly enhancement: string | undefined;
};

/** Detail of `enhancementerror`. */
export type EnhancementError = EnhancementFault;

/** Events of `<crescendo-video>`'s own, and their details. All bubble and cross shadow roots. */
export type EnhancementEvents = {
	readonly enhancementchange: EnhancementChange;
	readonly enhancementerror: EnhancementError;
	/** Once a second while pictures are decoded. */
	readonly enhancementstatistics: PlayerStatistics;
};
