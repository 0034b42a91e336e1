import * as v from "valibot";
import { MAX_TRACKS } from "../protocol/asset.ts";
import { MAX_PART_BYTES } from "../protocol/part.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const Limits = v.strictObject({
	/** Bytes of all parts of an asset. */
	assetBytes: v.optional(count, 32 * 2 ** 30),
	/** Seconds from time 0 to the end of an asset's last sample. */
	assetSeconds: v.optional(count, 12 * 3600),
	/** Tracks of an asset, the base among them. */
	assetTracks: v.optional(v.pipe(count, v.maxValue(MAX_TRACKS)), MAX_TRACKS),
	/** Bytes of one segment of one track: a viewer waits for all of it. */
	segmentBytes: v.optional(v.pipe(count, v.maxValue(64 * 2 ** 20)), 8 * 2 ** 20),
	/** The same where an asset is cut into pieces for low latency: a piece is put together in memory, and may be as large as its segment. */
	lowLatencySegmentBytes: v.optional(v.pipe(count, v.maxValue(16 * 2 ** 20)), 4 * 2 ** 20),
	/** Samples of one segment of one track: 30 seconds of 1,000 pictures a second. */
	segmentSamples: v.optional(count, 30_000),
	/** Seconds of the longest segment: of the longest group of pictures. */
	segmentSeconds: v.optional(v.pipe(count, v.maxValue(600)), 30),
	/** Bytes of the parts of one track, framing and all, that may wait for earlier parts or for the base. */
	pendingBytes: v.optional(count, 64 * 2 ** 20),
	/** Parts of one track that may wait so. */
	pendingParts: v.optional(count, 5000),
	/** Bytes of one part. A command line fills its parts, so it needs all of the default; an SDK sends a picture or some 100 kB. */
	partBytes: v.optional(v.pipe(count, v.maxValue(MAX_PART_BYTES)), MAX_PART_BYTES),
	/** Samples of one part. */
	partSamples: v.optional(count, 20_000),
	/** Milliseconds a segment lasts at least, but for an asset's last. */
	segmentMilliseconds: v.optional(count, 2000),
	/** Seconds for which a data centre gives all viewers the same playlist of an asset that is still written; 0: not at all. */
	playlistSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10)), 1),
	/** Milliseconds for which what is delivered is added up before the catalogue is told. A Worker is ended 30 s after its answer. */
	usageMilliseconds: v.optional(v.pipe(count, v.maxValue(20_000)), 5000),
	/** Of so many playbacks the reports of one are kept, and count so often: the catalogue takes some thousand writes a second. */
	reportOneIn: v.optional(count, 1),
	/** Seconds without a part after which an asset that is not complete is removed. */
	abandonSeconds: v.optional(count, 24 * 3600),
});

/** What the edge accepts; see each for its unit. */
export type Limits = v.InferOutput<typeof Limits>;

/** The limits where nothing overrides them. */
export const DEFAULT_LIMITS: Limits = v.parse(Limits, {});

/**
 * The limits with what `CRESCENDO_LIMITS` overrides.
 * @throws TypeError for text that is not JSON or names no limit: a typing error must not lift one.
 */
export const readLimits = (overrides: string | undefined): Limits => {
	if (last !== undefined && last.overrides === overrides) return last.limits;
	const limits = parseLimits(overrides);
	last = { overrides, limits };
	return limits;
};

/** What was read last: the same text at every request. */
let last: { readonly overrides: string | undefined; readonly limits: Limits } | undefined;

const parseLimits = (overrides: string | undefined): Limits => {
	const result = v.safeParse(Limits, overrides === undefined || overrides === "" ? {} : parseJson(overrides));
	if (result.success) return result.output;
	const faults = result.issues.map((issue) => [v.getDotPath(issue), issue.message].filter(Boolean).join(": "));
	throw new TypeError(`CRESCENDO_LIMITS: ${faults.join("; ")}`);
};

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new TypeError(`CRESCENDO_LIMITS is no JSON: ${String(error)}`, { cause: error });
	}
};
