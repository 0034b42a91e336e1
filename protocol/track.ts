import * as v from "valibot";
import type { Track } from "../codec/track.ts";
import { fromBase64, toBase64 } from "./base64.ts";

const description = v.pipe(
	v.string(),
	v.maxLength(4096),
	v.check((text) => fromBase64(text) !== undefined, "must be base64"),
);
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8192));
const fullSide = v.pipe(side, v.minValue(16));
const codePoint = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

/** Name of a track within its asset: `base`, `audio`, `e40`. Appears in URLs. */
export const TrackId = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,31}$/, "must be a-z, 0-9, - and at most 32 long"));

/** A track as JSON: a `Track` with an id, its description in base64. */
export const TrackJson = v.variant("kind", [
	v.strictObject({
		id: TrackId,
		kind: v.literal("base"),
		codec: v.pipe(v.string(), v.regex(/^(avc1|vp09|av01)\.[A-Za-z0-9.]{1,60}$/)),
		width: side,
		height: side,
		description,
		colour: v.strictObject({
			primaries: codePoint,
			transfer: codePoint,
			matrix: codePoint,
			fullRange: v.boolean(),
		}),
	}),
	v.strictObject({
		id: TrackId,
		kind: v.literal("enhancement"),
		codec: v.literal("sve1.01"),
		width: fullSide,
		height: fullSide,
		q: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(63)),
		modelId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
		description,
	}),
	v.strictObject({
		id: TrackId,
		kind: v.literal("audio"),
		codec: v.pipe(v.string(), v.regex(/^(mp4a\.40\.[0-9]{1,2}|opus)$/)),
		sampleRate: v.pipe(v.number(), v.integer(), v.minValue(8000), v.maxValue(192_000)),
		channels: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8)),
		description,
	}),
]);
export type TrackJson = v.InferOutput<typeof TrackJson>;

/** A track as it travels. */
export const trackToJson = (id: string, track: Track): TrackJson => {
	const description = toBase64(track.description);
	switch (track.kind) {
		case "base": {
			const { kind, codec, width, height, colour } = track;
			return { id, kind, codec, width, height, colour: { ...colour }, description };
		}
		case "enhancement": {
			const { kind, width, height, q, modelId } = track;
			return { id, kind, codec: "sve1.01", width, height, q, modelId, description };
		}
		case "audio": {
			const { kind, codec, sampleRate, channels } = track;
			return { id, kind, codec, sampleRate, channels, description };
		}
	}
};

/** The track in JSON that `TrackJson` has accepted. */
export const trackFromJson = (json: TrackJson): Track => {
	const description = fromBase64(json.description);
	if (description === undefined) throw new TypeError("A track's description is not base64: it was not validated.");
	const { id, ...track } = { ...json, description };
	void id;
	return track;
};
