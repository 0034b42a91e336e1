import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { AudioTrack, ColourSpace } from "../../codec/track.ts";
import type { PicturePath } from "./picture-path.ts";
import type { SourceWarning } from "./source-warning.ts";

/** A picture and how long it is shown, in microseconds. `picture.timestamp` counts from the start of the video. */
export type TimedPicture = { readonly picture: SourcePicture; readonly duration: number };

/** What is known of a source before its first frame is coded. */
export type SourceInfo = {
	/** As shown: rotated, square pixels. */
	readonly width: number;
	readonly height: number;
	/** Seconds; undefined where the end is not known (live). */
	readonly duration: number | undefined;
	/** Pictures that are not taken in time are gone. */
	readonly live: boolean;
	/** Average over the first seconds; undefined where there is nothing to average. */
	readonly frameRate: number | undefined;
	/** RFC 6381 string of the source's own codec. */
	readonly codec: string;
	/** Of the pictures that come out (always limited range). */
	readonly colour: ColourSpace;
	readonly rotation: 0 | 90 | 180 | 270;
	/** The same for the same video, whatever page or day; undefined where an upload cannot be continued later. */
	readonly fingerprint: string | undefined;
};

/** Sound that comes with the pictures, already in a form that every player takes. */
export type SourceAudio = {
	readonly track: AudioTrack;
	/** `copied`: the source's own packets; `encoded`: made here. */
	readonly made: "copied" | "encoded";
	/** Frames of sound in order, timestamps from the start of the video. May be called once. */
	samples(signal: AbortSignal): AsyncGenerator<Sample, void, undefined>;
};

/** Where pictures and sound come from. */
export interface VideoSource {
	readonly info: SourceInfo;
	/** Undefined where there is no sound, or none that can be used (then a warning says why). */
	readonly audio: SourceAudio | undefined;
	/** Grows while the source is read. */
	readonly warnings: readonly SourceWarning[];
	/**
	 * Pictures in order, of whatever size the source has at that moment.
	 * @param from microseconds; earlier pictures are left out. Sources that cannot seek take only 0. @param path makes the pictures;
	 * whoever reads them releases them.
	 */
	pictures(from: number, path: PicturePath, signal: AbortSignal): AsyncGenerator<TimedPicture, void, undefined>;
	/** Live sources: pictures that came and were not taken. */
	readonly dropped?: number;
	/** Live sources: frames a second that are taken; undefined takes all. To be set before `pictures`. */
	pace?: number | undefined;
	/** Frees decoders and file handles. */
	close(): void;
}
