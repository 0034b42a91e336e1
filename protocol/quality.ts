/** How playbacks went, in a day or in all days. */
export type Quality = {
	readonly playbacks: number;
	/** Those that an error ended. */
	readonly failed: number;
	/** Milliseconds to the first picture, of those that had one: half waited no longer, and 95 percent. */
	readonly startupP50: number | null;
	readonly startupP95: number | null;
	readonly stalls: number;
	readonly stalledSeconds: number;
	readonly playedSeconds: number;
	/** Share of the time played with the enhancement shown, 0 to 1. */
	readonly enhancedShare: number;
	readonly droppedFrames: number;
};

/** `GET /v1/assets/:id/quality`: the quality of experience of an asset in the last days. */
export type QualityResponse = {
	readonly total: Quality;
	/** `day` as `2026-01-31`. */
	readonly days: readonly (Quality & { readonly day: string })[];
	/** Playbacks by why the enhancement was not shown. */
	readonly fallbacks: Readonly<Record<string, number>>;
};
