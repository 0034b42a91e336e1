import * as v from "valibot";
import { Origin } from "./origin.ts";
import { TrackId, TrackJson } from "./track.ts";

/** Most tracks of one asset: a base, audio, and enhancements. */
export const MAX_TRACKS = 12;

/** Most parts of one track: more than twelve hours of the shortest pieces have, one a part, which are 432,000. */
export const MAX_PARTS = 1_000_000;

/** Where a request or an answer holds a part number: parts are counted from 0 on. */
export const PartNumber = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_PARTS - 1));

/** Who may play an asset: everybody who knows its address, or holders of a signed playback token. */
export const Access = v.picklist(["public", "signed"]);
export type Access = v.InferOutput<typeof Access>;

/** `POST /v1/upload-tokens`, with an API key. What is absent is not limited, but for the expiry: one hour. */
export const CreateTokenRequest = v.strictObject({
	/** Bytes of all parts of the asset. */
	maxBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
	maxDurationSeconds: v.optional(v.pipe(v.number(), v.minValue(0.001))),
	/** The only origin whose pages may use the token: `https://example.com`. */
	origin: v.optional(Origin),
	/** Tracks of the asset, the base among them. */
	maxTracks: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_TRACKS))),
	expiresInSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(7 * 86_400))),
	/** Of the asset that the token makes; "public" unless given. */
	access: v.optional(Access),
	/** A new token for an asset that is there: to go on with an upload whose token has expired. */
	asset: v.optional(v.pipe(v.string(), v.maxLength(64))),
});
export type CreateTokenRequest = v.InferOutput<typeof CreateTokenRequest>;

/** Answer to `CreateTokenRequest`, 201. */
export type CreateTokenResponse = {
	/** Sent as `Authorization: Bearer <token>`; good for one asset. */
	readonly token: string;
	/**
	 * The id of that asset, though it is not made yet. Remember whose it is: where a page asks for another token for an asset, this is the
	 * only way to know that it may.
	 */
	readonly asset: string;
	/** RFC 3339. */
	readonly expiresAt: string;
};

/** `POST /v1/assets`, with an API key or an upload token. */
export const CreateAssetRequest = v.strictObject({
	/** Visible size of the full picture. */
	width: v.pipe(v.number(), v.integer(), v.minValue(16), v.maxValue(8192)),
	height: v.pipe(v.number(), v.integer(), v.minValue(16), v.maxValue(8192)),
	/** Frames a second, nominal. */
	frameRate: v.pipe(v.number(), v.minValue(0.01), v.maxValue(1000)),
	/** For people. */
	title: v.optional(v.pipe(v.string(), v.maxLength(200))),
	/** "public" unless given; with an upload token, what the token says. */
	access: v.optional(Access),
	/**
	 * A live upload with low latency: playlists list pieces of about so many milliseconds before their segment is whole (LL-HLS). Parts
	 * should be no longer, and come as fast as time passes. Absent: playlists list whole segments.
	 */
	partialMilliseconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(2000))),
	tracks: v.pipe(
		v.array(TrackJson),
		v.maxLength(MAX_TRACKS),
		v.check((tracks) => tracks.filter(({ kind }) => kind === "base").length === 1, "must hold exactly one base"),
		v.check(
			(tracks) => tracks.filter(({ kind }) => kind === "audio").length <= 1,
			"must hold at most one audio track",
		),
		v.check((tracks) => new Set(tracks.map(({ id }) => id)).size === tracks.length, "must have different ids"),
	),
});
export type CreateAssetRequest = v.InferOutput<typeof CreateAssetRequest>;

/** `PATCH /v1/assets/:id`: what people call an asset. What is absent stays; null takes it away. */
export const UpdateAssetRequest = v.strictObject({
	title: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200)))),
	description: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(2000)))),
	/** Names and values of one's own, such as the id in one's own database. Replaces all there were. */
	metadata: v.optional(
		v.nullable(
			v.pipe(
				v.record(v.pipe(v.string(), v.minLength(1), v.maxLength(64)), v.pipe(v.string(), v.maxLength(500))),
				v.check((metadata) => Object.keys(metadata).length <= 32, "must have at most 32 names"),
			),
		),
	),
	/** Origins whose pages may show the embed page in a frame; null: all may. An empty list: none but the edge's own. */
	embedOrigins: v.optional(v.nullable(v.pipe(v.array(Origin), v.maxLength(50)))),
});
export type UpdateAssetRequest = v.InferOutput<typeof UpdateAssetRequest>;

/** What people call an asset, and where it may be shown. */
export type AssetDetails = {
	readonly title?: string;
	readonly description?: string;
	readonly metadata?: Readonly<Record<string, string>>;
	readonly embedOrigins?: readonly string[];
};

/** What the edge has of one track. */
export type TrackProgress = {
	readonly id: string;
	/** All parts below this number are there; the next to send. */
	readonly next: number;
	/** Part numbers above `next` that are there already: parts may arrive out of order. */
	readonly ahead: readonly number[];
	/** Gaps: every number from `next` to the highest of `ahead` that is not there. */
	readonly missing: readonly number[];
	/**
	 * Why the track takes no more parts, if so: a segment would begin with no sync sample, or hold more than a segment may. The
	 * asset goes on without it, unless it is the base.
	 */
	readonly failure?: "misaligned" | "segment-too-large";
	/** Where parts go: append the number. `/v1/assets/<asset>/tracks/<track>/parts/`, absolute. */
	readonly partsUrl: string;
};

/** An asset as the edge tells it: `GET /v1/assets/:id`, and the answer of creation (201), parts and completion. */
export type AssetResponse = AssetDetails & {
	readonly id: string;
	readonly state: "uploading" | "complete";
	/** RFC 3339. */
	readonly createdAt: string;
	readonly tracks: readonly TrackProgress[];
	readonly urls: {
		/** HLS multivariant playlist, playable as soon as the first segment is cut. */
		readonly master: string;
		/** Page that plays the asset. */
		readonly watch: string;
	};
};

/** `PUT .../parts/:n`: 201 for a new part, 200 for the same bytes again, 409 `part-conflict` for others. */
export type PutPartResponse = {
	readonly track: TrackProgress;
};

/** `POST /v1/assets/:id/complete`: how many parts each track has. Missing ones: 409 `parts-missing`. */
export const CompleteRequest = v.strictObject({
	tracks: v.pipe(
		v.array(
			v.strictObject({
				id: TrackId,
				parts: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_PARTS)),
			}),
		),
		v.minLength(1),
		v.maxLength(MAX_TRACKS),
	),
});
export type CompleteRequest = v.InferOutput<typeof CompleteRequest>;

/** Body of the 409 `parts-missing`, beside `error`. */
export type MissingParts = {
	readonly missing: readonly { readonly id: string; readonly parts: readonly number[] }[];
};
