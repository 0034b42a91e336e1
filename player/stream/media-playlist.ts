import type { M3U8Parser, PlaylistLevelType } from "hls.js";
import { CodecError } from "../../codec/errors.ts";
import type { ByteLocation } from "./fetch-bytes.ts";

/** hls.js's own playlist parser, handed in so that this file does not pull hls.js into the page. */
export type PlaylistParser = Pick<typeof M3U8Parser, "parseLevelPlaylist" | "isMediaPlaylist">;

/** One segment of a media playlist. */
export type PlaylistSegment = {
	/** Media sequence number; the base's segment of the same number covers the same time. */
	readonly sequence: number;
	/** Seconds from the start of the playlist. */
	readonly start: number;
	readonly duration: number;
	readonly media: ByteLocation;
	readonly init: ByteLocation;
};

/** A media playlist of an enhancement. */
export type MediaPlaylist = {
	/** Those that the enhancement has: segments marked as gaps are left out. */
	readonly segments: readonly PlaylistSegment[];
	/** Media sequence number after the last that is listed, gaps included. */
	readonly end: number;
	/** No more segments will come (`EXT-X-ENDLIST`). */
	readonly complete: boolean;
	/** Seconds; how long to wait between two looks at a playlist that is not complete. */
	readonly targetDuration: number;
};

/** More segments than a day of video has. */
const MOST_SEGMENTS = 100_000;

/**
 * Reads a media playlist.
 *
 * @throws CodecError `invalid-file` for what is none, for segments without an init segment, or for impossible times
 */
export function readMediaPlaylist(parser: PlaylistParser, text: string, url: string): MediaPlaylist {
	if (!parser.isMediaPlaylist(text)) throw invalid(url, "is not a media playlist");
	// The type is only passed through to the fragments; the enum is not exported as a value that Node could import here.
	const details = parser.parseLevelPlaylist(text, url, 0, "main" as PlaylistLevelType, 0, null);
	if (details.playlistParsingError) throw invalid(url, "cannot be read", details.playlistParsingError);
	if (details.fragments.length > MOST_SEGMENTS) throw invalid(url, "has too many segments");
	const segments: PlaylistSegment[] = [];
	let end = details.startSN;
	for (const fragment of details.fragments) {
		if (typeof fragment.sn === "number") end = fragment.sn + 1;
		// EXT-X-GAP: the enhancement has nothing for this time; the base has.
		if (fragment.gap) continue;
		const init = fragment.initSegment;
		if (!init) throw invalid(url, "has a segment without EXT-X-MAP");
		if (typeof fragment.sn !== "number" || !(fragment.duration > 0) || !Number.isFinite(fragment.start)) {
			throw invalid(url, "has a segment with an impossible time");
		}
		segments.push({
			sequence: fragment.sn,
			start: fragment.start,
			duration: fragment.duration,
			media: locationOf(fragment, url),
			init: locationOf(init, url),
		});
	}
	return { segments, end, complete: !details.live, targetDuration: details.targetduration };
}

/** A fragment of hls.js as a location. */
export function locationOf(
	fragment: {
		readonly url: string;
		readonly byteRangeStartOffset?: number | undefined;
		readonly byteRangeEndOffset?: number | undefined;
	},
	url: string,
): ByteLocation {
	const { byteRangeStartOffset: start, byteRangeEndOffset: end } = fragment;
	if (!/^https?:/.test(fragment.url)) throw invalid(url, "has a segment that is not on http");
	return {
		url: fragment.url,
		range: start === undefined || end === undefined || end <= start ? undefined : [start, end],
	};
}

function invalid(url: string, what: string, cause?: unknown): CodecError {
	return new CodecError("invalid-file", `The playlist ${url} ${what}.`, { cause });
}
