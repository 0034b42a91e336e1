import { concatenate } from "../../codec/mp4/box.ts";
import { writeMediaSegment } from "../../codec/mp4/media-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import type { Sample } from "../../codec/sample.ts";
import { type TrackJson, trackFromJson } from "../../protocol/track.ts";
import type { OpenPartial } from "./open-segment.ts";
import type { PartialCut } from "./partials.ts";
import type { PartialRecord, PartSlice, SegmentStep } from "./state.ts";
import { TRACK_ID_IN_FILE } from "./track-rules.ts";

/** Fills in the sample bytes of a slice, as many as `into` has. */
type ReadSlice = (slice: PartSlice, into: Uint8Array) => void;

/** `mfhd` sequence numbers of a low-latency segment's pieces: more than a segment ever has. */
const PIECES = 4096;

/**
 * A media segment, and its pieces where it is cut into such: it is they, one after the other. A segment may be of many megabytes, so its
 * samples are read to where they belong: it is written around samples of the right lengths, whose bytes are filled in afterwards.
 */
export const segmentBytes = (
	step: SegmentStep,
	json: TrackJson,
	read: ReadSlice,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly partials?: readonly PartialRecord[] } => {
	if (step.partials === undefined) {
		const samples = lastingUntil(hollowSamples(step.slices), step.cut.lastSampleEnd);
		return { bytes: filled(write(json, samples, step.number + 1, true), step.slices, read) };
	}
	const samples = readSamples(step.slices, read);
	const pieces = step.partials.map((cut, index) => {
		const own = samples.slice(cut.from, cut.from + cut.count);
		return partialBytes(
			own,
			{ ...cut, lastSampleEnd: cut.lastSampleEnd ?? step.cut.lastSampleEnd },
			step.number,
			index,
			json,
		);
	});
	return {
		bytes: concatenate(pieces),
		partials: step.partials.map(({ duration, independent }, index) => ({
			duration,
			independent,
			bytes: pieces[index]?.length ?? 0,
		})),
	};
};

/** A piece of a segment that is not closed yet: the bytes that it will have in the segment. */
export const openPartialBytes = (
	{ cut, slices }: OpenPartial,
	segment: number,
	index: number,
	json: TrackJson,
	read: ReadSlice,
): Uint8Array<ArrayBuffer> => partialBytes(readSamples(slices, read), cut, segment, index, json);

const partialBytes = (
	samples: readonly Sample[],
	cut: PartialCut,
	segment: number,
	index: number,
	json: TrackJson,
): Uint8Array<ArrayBuffer> =>
	write(json, lastingUntil(samples, cut.lastSampleEnd), segment * PIECES + index + 1, index === 0);

const write = (json: TrackJson, samples: readonly Sample[], sequenceNumber: number, segmentType: boolean) => {
	const timescale = timescaleOf(trackFromJson(json));
	return writeMediaSegment({ trackId: TRACK_ID_IN_FILE, sequenceNumber, timescale, samples, segmentType });
};

/** The writer lets a sample last until the next; the last one lasts until what comes after. */
const lastingUntil = (samples: readonly Sample[], end: number | undefined): readonly Sample[] => {
	const last = samples.at(-1);
	if (last === undefined || end === undefined) return samples;
	return [...samples.slice(0, -1), { ...last, duration: end - last.timestamp }];
};

const lengthOf = ({ heads }: PartSlice): number => heads.reduce((sum, { size }) => sum + size, 0);

const readSamples = (slices: readonly PartSlice[], read: ReadSlice): Sample[] =>
	slices.flatMap((slice) => {
		const bytes = new Uint8Array(lengthOf(slice));
		read(slice, bytes);
		let offset = 0;
		return slice.heads.map(({ timestamp, duration, sync, size }) => {
			offset += size;
			return { data: bytes.subarray(offset - size, offset), timestamp, duration, sync };
		});
	});

/** Samples of the right lengths, all of the same bytes. */
const hollowSamples = (slices: readonly PartSlice[]): Sample[] => {
	const heads = slices.flatMap((slice) => slice.heads);
	const hollow = new Uint8Array(heads.reduce((most, { size }) => Math.max(most, size), 0));
	return heads.map(({ timestamp, duration, sync, size }) => ({
		data: hollow.subarray(0, size),
		...{ timestamp, duration, sync },
	}));
};

/** A segment's samples are its end: fills them in. */
const filled = (
	bytes: Uint8Array<ArrayBuffer>,
	slices: readonly PartSlice[],
	read: ReadSlice,
): Uint8Array<ArrayBuffer> => {
	let offset = bytes.length - slices.reduce((sum, slice) => sum + lengthOf(slice), 0);
	for (const slice of slices) {
		const end = offset + lengthOf(slice);
		read(slice, bytes.subarray(offset, end));
		offset = end;
	}
	return bytes;
};
