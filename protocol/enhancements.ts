import * as v from "valibot";

/** `DATA-ID` of the `EXT-X-SESSION-DATA` whose `URI` is the list of enhancements. */
export const ENHANCEMENTS_DATA_ID = "dev.crescendo.enhancements";

/** One enhancement of an asset. */
const Enhancement = v.object({
	/** The track's id. */
	id: v.string(),
	/** Visible size in samples. */
	width: v.pipe(v.number(), v.integer(), v.minValue(16), v.maxValue(8192)),
	height: v.pipe(v.number(), v.integer(), v.minValue(16), v.maxValue(8192)),
	/** Nominal quality, 0..63. */
	q: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(63)),
	/** Bits a second at most over a segment, of this track alone. */
	bandwidth: v.pipe(v.number(), v.minValue(0)),
	/** 32 lower-case hex digits. */
	modelId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
	codec: v.string(),
	/** Media playlist, relative to the list. */
	uri: v.string(),
});
export type Enhancement = v.InferOutput<typeof Enhancement>;

/** The list of enhancements; unknown fields are passed over, so that the list may grow. */
export const EnhancementList = v.object({ enhancements: v.array(Enhancement) });
export type EnhancementList = v.InferOutput<typeof EnhancementList>;

/** The list in a parsed body, or undefined where it is none. */
export const parseEnhancementList = (body: unknown): EnhancementList | undefined => {
	const result = v.safeParse(EnhancementList, body);
	return result.success ? result.output : undefined;
};
