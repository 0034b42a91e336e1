import { concatenate } from "../../codec/mp4/box.ts";
import { writeMediaSegment } from "../../codec/mp4/media-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import type { Sample } from "../../codec/sample.ts";
import { type TrackJson, trackFromJson } from "../../protocol/track.ts";
import type { OpenPartial } from "./open-segment.ts";
import type { PartialCut } from "./partials.ts";
import type { PartialRecord, PartSlice, SegmentStep } from "./state.ts";
import { TRACK_ID_IN_FILE } from "./track-rules.ts";

/** Gives the sample bytes of a slice. */
type ReadSlice = (slice: PartSlice) => Uint8Array;

/** `mfhd` sequence numbers of a low-latency segment's pieces: more than a segment ever has. */
const PIECES = 4096;

/** A media segment, and its pieces where it is cut into such: it is they, one after the other. */
export const segmentBytes = (
	step: SegmentStep,
	json: TrackJson,
	read: ReadSlice,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly partials?: readonly PartialRecord[] } => {
	const samples = step.slices.flatMap((slice) => samplesOf(slice, read(slice)));
	if (step.partials === undefined) {
		return { bytes: write(json, lastingUntil(samples, step.cut.lastSampleEnd), step.number + 1, true) };
	}
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
): Uint8Array<ArrayBuffer> =>
	partialBytes(
		slices.flatMap((slice) => samplesOf(slice, read(slice))),
		cut,
		segment,
		index,
		json,
	);

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

const samplesOf = (slice: PartSlice, bytes: Uint8Array): Sample[] => {
	let offset = 0;
	return slice.heads.map(({ timestamp, duration, sync, size }) => {
		offset += size;
		return { data: bytes.subarray(offset - size, offset), timestamp, duration, sync };
	});
};

/** The bytes of samples, one after the other. */
export const joinSamples = (samples: readonly Sample[]): Uint8Array<ArrayBuffer> => {
	const bytes = new Uint8Array(samples.reduce((sum, { data }) => sum + data.length, 0));
	let offset = 0;
	for (const { data } of samples) {
		bytes.set(data, offset);
		offset += data.length;
	}
	return bytes;
};
