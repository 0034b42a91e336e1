/** HLS tags (RFC 8216), one build function each: values in, one line of text out. */

/** A quoted string: the only characters it cannot hold are the quote and line ends, which are refused. */
const quoted = (value: string): string => {
	if (/["\r\n]/.test(value)) throw new RangeError("An HLS quoted string holds no quote and no line end.");
	return `"${value}"`;
};

type AttributeValue = string | undefined;

const attributes = (list: Readonly<Record<string, AttributeValue>>): string =>
	Object.entries(list)
		.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
		.join(",");

/** Microseconds as decimal seconds, exactly. */
const seconds = (microseconds: number): string => (microseconds / 1_000_000).toFixed(6);

/** Section 4.3.1.1: the first line. */
export const extM3u = (): string => "#EXTM3U";

/** Section 4.3.1.2. */
export const extXVersion = (version: number): string => `#EXT-X-VERSION:${version}`;

/** Section 4.3.5.1: every segment begins with a sync sample. */
export const extXIndependentSegments = (): string => "#EXT-X-INDEPENDENT-SEGMENTS";

/** Section 4.3.3.1, whole seconds; no segment rounds to more. */
export const extXTargetDuration = (wholeSeconds: number): string => `#EXT-X-TARGETDURATION:${wholeSeconds}`;

/** Section 4.3.3.2. */
export const extXMediaSequence = (number: number): string => `#EXT-X-MEDIA-SEQUENCE:${number}`;

/** Section 4.3.3.5. */
export const extXPlaylistType = (type: "EVENT" | "VOD"): string => `#EXT-X-PLAYLIST-TYPE:${type}`;

/** Section 4.3.2.5: the init segment. */
export const extXMap = (uri: string): string => `#EXT-X-MAP:${attributes({ URI: quoted(uri) })}`;

/** Section 4.3.2.1; duration in microseconds. */
export const extInf = (duration: number): string => `#EXTINF:${seconds(duration)},`;

/** RFC 8216bis, section 4.4.4.7: the next segment has no media and is not to be loaded. */
export const extXGap = (): string => "#EXT-X-GAP";

/** RFC 8216bis, section 4.4.3.8: blocking reload; times from the end, `partHoldBack` in microseconds, `canSkipUntil` in seconds. */
export const extXServerControl = (control: { readonly partHoldBack: number; readonly canSkipUntil: number }): string =>
	`#EXT-X-SERVER-CONTROL:${attributes({
		"CAN-BLOCK-RELOAD": "YES",
		"PART-HOLD-BACK": seconds(control.partHoldBack),
		"CAN-SKIP-UNTIL": control.canSkipUntil.toFixed(1),
	})}`;

/** RFC 8216bis, section 4.4.3.7; microseconds that a partial segment lasts at most. */
export const extXPartInf = (target: number): string =>
	`#EXT-X-PART-INF:${attributes({ "PART-TARGET": seconds(target) })}`;

/** RFC 8216bis, section 4.4.4.9; duration in microseconds. */
export const extXPart = (part: {
	readonly uri: string;
	readonly duration: number;
	readonly independent: boolean;
}): string =>
	`#EXT-X-PART:${attributes({
		DURATION: seconds(part.duration),
		INDEPENDENT: part.independent ? "YES" : undefined,
		URI: quoted(part.uri),
	})}`;

/** RFC 8216bis, section 4.4.5.3: the partial segment that comes next. */
export const extXPreloadHint = (uri: string): string =>
	`#EXT-X-PRELOAD-HINT:${attributes({ TYPE: "PART", URI: quoted(uri) })}`;

/** RFC 8216bis, section 4.4.5.4: how far another media playlist is. */
export const extXRenditionReport = (uri: string, lastSegment: number, lastPartial: number): string =>
	`#EXT-X-RENDITION-REPORT:${attributes({
		URI: quoted(uri),
		"LAST-MSN": String(lastSegment),
		"LAST-PART": String(lastPartial),
	})}`;

/** RFC 8216bis, section 4.4.5.2: segments that are left out of a delta update. */
export const extXSkip = (segments: number): string =>
	`#EXT-X-SKIP:${attributes({ "SKIPPED-SEGMENTS": String(segments) })}`;

/** Section 4.3.2.6, milliseconds since 1970: when the next segment was made. */
export const extXProgramDateTime = (time: number): string => `#EXT-X-PROGRAM-DATE-TIME:${new Date(time).toISOString()}`;

/** Section 4.3.3.4. */
export const extXEndList = (): string => "#EXT-X-ENDLIST";

/**
 * Section 4.3.4.4: `dataId` in reverse DNS form, `uri` of a JSON document, or with `RAW` (RFC 8216bis, 4.4.6.4) of a file of another
 * kind.
 */
export const extXSessionData = (dataId: string, uri: string, format?: "RAW"): string =>
	`#EXT-X-SESSION-DATA:${attributes({ "DATA-ID": quoted(dataId), FORMAT: format, URI: quoted(uri) })}`;

/**
 * Section 4.3.4.4, a text. A quoted string holds neither quotes nor line ends, and has no escape for them: they become what looks
 * like them.
 */
export const extXSessionText = (dataId: string, value: string): string =>
	`#EXT-X-SESSION-DATA:${attributes({ "DATA-ID": quoted(dataId), VALUE: quoted(value.replaceAll('"', "\u2033").replaceAll(/\s+/g, " ")) })}`;

/** Section 4.3.4.1, of an audio rendition. */
export const extXMediaAudio = (media: {
	readonly groupId: string;
	readonly name: string;
	readonly channels: number;
	readonly uri: string;
}): string =>
	`#EXT-X-MEDIA:${attributes({
		TYPE: "AUDIO",
		"GROUP-ID": quoted(media.groupId),
		NAME: quoted(media.name),
		DEFAULT: "YES",
		AUTOSELECT: "YES",
		CHANNELS: quoted(String(media.channels)),
		URI: quoted(media.uri),
	})}`;

/** Section 4.3.4.1, of subtitles in a language (BCP 47). */
export const extXMediaSubtitles = (media: {
	readonly groupId: string;
	readonly name: string;
	readonly language: string;
	readonly uri: string;
}): string =>
	`#EXT-X-MEDIA:${attributes({
		TYPE: "SUBTITLES",
		"GROUP-ID": quoted(media.groupId),
		NAME: quoted(media.name),
		LANGUAGE: quoted(media.language),
		DEFAULT: "NO",
		AUTOSELECT: "YES",
		URI: quoted(media.uri),
	})}`;

/** Section 4.3.4.2 with its URI line. Bandwidths in bits a second, `frameRate` in frames a second. */
export const extXStreamInf = (variant: {
	readonly bandwidth: number;
	readonly averageBandwidth: number;
	readonly codecs: readonly string[];
	readonly width: number;
	readonly height: number;
	readonly frameRate: number | undefined;
	readonly audio: string | undefined;
	readonly subtitles: string | undefined;
	readonly uri: string;
}): string =>
	`#EXT-X-STREAM-INF:${attributes({
		BANDWIDTH: String(variant.bandwidth),
		"AVERAGE-BANDWIDTH": String(variant.averageBandwidth),
		CODECS: quoted(variant.codecs.join(",")),
		RESOLUTION: `${variant.width}x${variant.height}`,
		"FRAME-RATE": variant.frameRate?.toFixed(3),
		AUDIO: variant.audio === undefined ? undefined : quoted(variant.audio),
		SUBTITLES: variant.subtitles === undefined ? undefined : quoted(variant.subtitles),
	})}\n${variant.uri}`;
