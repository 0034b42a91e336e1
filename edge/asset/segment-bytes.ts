import { writeMediaSegment } from "../../codec/mp4/media-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import type { Sample } from "../../codec/sample.ts";
import { type TrackJson, trackFromJson } from "../../protocol/track.ts";
import type { PartSlice, SegmentStep } from "./state.ts";
import { TRACK_ID_IN_FILE } from "./track-rules.ts";

/** The media segment of a step; `read` gives the sample bytes of a slice. */
export const segmentBytes = (
	step: SegmentStep,
	json: TrackJson,
	read: (slice: PartSlice) => Uint8Array,
): Uint8Array<ArrayBuffer> => {
	const samples = step.slices.flatMap((slice) => samplesOf(slice, read(slice)));
	const last = samples.at(-1);
	// The writer lets a sample last until the next; the last one lasts until the next segment's first.
	if (last !== undefined && step.cut.lastSampleEnd !== undefined) {
		samples[samples.length - 1] = { ...last, duration: step.cut.lastSampleEnd - last.timestamp };
	}
	const timescale = timescaleOf(trackFromJson(json));
	return writeMediaSegment({ trackId: TRACK_ID_IN_FILE, sequenceNumber: step.number + 1, timescale, samples });
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
