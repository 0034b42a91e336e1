import { CodecError } from "../errors.ts";
import type { Track } from "../track.ts";
import { concatenate } from "./box.ts";
import {
	dinf,
	ftyp,
	hdlr,
	mdhd,
	mdia,
	minf,
	moov,
	mvex,
	mvhd,
	smhd,
	stbl,
	stco,
	stsc,
	stsd,
	stsz,
	stts,
	tkhd,
	trak,
	tref,
	trex,
	vmhd,
	type TrackReference,
} from "./movie-boxes.ts";
import { audioSampleEntry, av1C, avcC, colr, dOps, esds, sveC, visualSampleEntry, vpcC } from "./sample-entry-boxes.ts";

/** A track as a file knows it. */
export type FileTrack = {
	/** 1 or more, unique in the file. */
	readonly id: number;
	readonly track: Track;
	/** Ticks a second; `timescaleOf(track)` unless there is a reason. */
	readonly timescale: number;
	/** Of an enhancement that stands in one file with its base: `[{ type: "sbas", trackIds: [base] }]`. */
	readonly references?: readonly TrackReference[];
};

/**
 * `ftyp` and `moov` of a fragmented file or of a CMAF track (ISO/IEC 23000-19): sample entries `avc1`, `vp09`, `av01`,
 * `mp4a`, `Opus`, `sve1`.
 * @throws CodecError `unsupported-format` for a codec string of another family, `invalid-option` for ids that are no ids.
 */
export const writeInitSegment = (tracks: readonly FileTrack[]): Uint8Array<ArrayBuffer> => {
	const ids = new Set(tracks.map((track) => track.id));
	if (tracks.length === 0 || ids.size !== tracks.length || ![...ids].every((id) => Number.isInteger(id) && id >= 1)) {
		throw new CodecError("invalid-option", "Track ids must be different integers from 1 on, of one track or more.");
	}
	return concatenate([
		ftyp("iso6", ["iso6", "cmfc", "mp41"]),
		moov(mvhd(1000, Math.max(...ids) + 1), ...tracks.map(trackBox), mvex(...tracks.map((track) => trex(track.id)))),
	]);
};

const trackBox = ({ id, track, timescale, references = [] }: FileTrack) => {
	const audio = track.kind === "audio";
	return trak(
		tkhd({
			trackId: id,
			width: audio ? 0 : track.width,
			height: audio ? 0 : track.height,
			audio,
			// Beside its base, an enhancement is not enabled: players that do not know it show the base and do not complain.
			enabled: track.kind !== "enhancement" || references.length === 0,
			alternateGroup: track.kind === "enhancement" ? 1 : 0,
		}),
		...(references.length === 0 ? [] : [tref(references)]),
		mdia(
			mdhd(timescale),
			audio ? hdlr("soun", "Sound") : hdlr("vide", track.kind === "base" ? "Base" : "Enhancement"),
			minf(audio ? smhd() : vmhd(), dinf(), stbl(stsd(sampleEntry(track)), stts(), stsc(), stsz(), stco())),
		),
	);
};

const sampleEntry = (track: Track): Uint8Array => {
	const family = track.codec.split(".")[0];
	if (track.kind === "enhancement" && family === "sve1") {
		return visualSampleEntry("sve1", track.width, track.height, sveC(track.description));
	}
	if (track.kind === "base") {
		const configuration = { avc1: avcC, vp09: vpcC, av01: av1C }[family ?? ""];
		if (configuration !== undefined) {
			const { width, height, description, colour } = track;
			return visualSampleEntry(family ?? "", width, height, configuration(description), colr(colour));
		}
	}
	if (track.kind === "audio") {
		const { channels, sampleRate, description } = track;
		if (family === "mp4a") return audioSampleEntry("mp4a", channels, sampleRate, esds(description));
		if (family === "opus") return audioSampleEntry("Opus", channels, sampleRate, dOps(description));
	}
	throw new CodecError(
		"unsupported-format",
		`A ${track.kind} track cannot be stored with the codec "${track.codec}".`,
		{
			hint: "Base: avc1, vp09, av01. Audio: mp4a, opus. Enhancement: sve1.",
		},
	);
};
