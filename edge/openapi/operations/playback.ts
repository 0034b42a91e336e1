import { EnhancementList } from "../../../protocol/enhancements.ts";
import { toJsonSchema } from "../json-schema.ts";
import { denied, json, playlist, segment, type Operation } from "../operation.ts";

/** Operations of viewers: playlists and what they name. */
export const PLAYBACK: readonly Operation[] = [
	{
		method: "get",
		path: "/v1/assets/:id/master.m3u8",
		summary: "HLS multivariant playlist: the base and audio; session data leads to the enhancements.",
		access: "viewers",
		answers: { 200: playlist, 304: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/captions/:language/playlist.m3u8",
		summary: "HLS media playlist of captions.",
		access: "viewers",
		answers: { 200: playlist, 304: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/captions/:language/:file",
		summary: "A file of captions, as the playlist names it. Immutable.",
		access: "viewers",
		answers: { 200: { type: "text/vtt" }, 206: { type: "text/vtt" }, 304: {} },
		errors: [...denied, "invalid-request", "not-found", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/poster",
		summary: "The poster.",
		access: "viewers",
		answers: { 200: { type: "image/*" }, 206: { type: "image/*" }, 304: {} },
		errors: [...denied, "not-found", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/enhancements.json",
		summary: "The list of enhancements.",
		access: "viewers",
		answers: { 200: json(toJsonSchema(EnhancementList)), 304: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/tracks/:track/playlist.m3u8",
		summary:
			"HLS media playlist of a track: EVENT while the asset is written, VOD afterwards. Takes delivery directives: answers when what they ask for is there.",
		access: "viewers",
		query: ["_HLS_msn", "_HLS_part", "_HLS_skip"],
		answers: { 200: playlist, 304: {} },
		errors: [...denied, "not-found", "invalid-request"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/tracks/:track/partials/:file",
		summary: "A piece of a segment of a low-latency asset that is still written, `<segment>.<piece>.m4s`.",
		access: "viewers",
		answers: { 200: segment },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/tracks/:track/init.mp4",
		summary: "Init segment of a track (CMAF). Immutable.",
		access: "viewers",
		answers: { 200: segment, 206: segment, 304: {} },
		errors: [...denied, "not-found", "range-not-satisfiable"],
	},
	{
		method: "get",
		path: "/v1/assets/:id/tracks/:track/segments/:file",
		summary: "Media segment of a track (CMAF), `<number>.m4s`. Immutable.",
		access: "viewers",
		answers: { 200: segment, 206: segment, 304: {} },
		errors: [...denied, "not-found", "range-not-satisfiable"],
	},
];
