import { CodecError } from "../errors.ts";
import type { Sample } from "../sample.ts";
import { concatenate } from "./box.ts";
import {
	DELTA_SAMPLE_FLAGS,
	mdatHeader,
	mfhd,
	moof,
	type RunRow,
	styp,
	SYNC_SAMPLE_FLAGS,
	tfdt,
	tfhd,
	traf,
	trun,
} from "./fragment-boxes.ts";
import { toTicks } from "./timescale.ts";

/** A sample without its data. */
export type SampleShape = Omit<Sample, "data"> & { /** Bytes of its data. */ readonly size: number };

/** What `writeMediaSegment` puts into one segment. */
export type MediaSegment<Item = Sample> = {
	readonly trackId: number;
	/** `mfhd` sequence number, counting from 1 on. */
	readonly sequenceNumber: number;
	/** Ticks a second, the same as in the init segment. */
	readonly timescale: number;
	/** One or more, in order of time. */
	readonly samples: readonly Item[];
	/** Ticks of the first sample; its timestamp unless given. */
	readonly baseMediaDecodeTime?: number;
	/** Write `styp` in front, as a segment that is a file of its own should have. Default true. */
	readonly segmentType?: boolean;
};

/**
 * One CMAF media segment of one track: `styp`, `moof`, `mdat`. A sample lasts until the next begins (its own duration counts
 * only for the last), so that times never drift. What is equal for all samples is written once: a fragment costs about 100 bytes
 * and 4 bytes a sample where durations are equal.
 * @throws CodecError as {@link writeMediaSegmentHead}
 */
export const writeMediaSegment = ({ samples, ...segment }: MediaSegment): Uint8Array<ArrayBuffer> => {
	const shapes = samples.map(({ data, timestamp, duration, sync }) => ({
		...{ timestamp, duration, sync, size: data.length },
	}));
	return concatenate([
		writeMediaSegmentHead({ ...segment, samples: shapes }),
		...samples.map((sample) => sample.data),
	]);
};

/**
 * Everything of a media segment that stands before the data of its first sample; the data follow, one after the other. For whoever
 * does not have all of a segment in memory.
 * @throws CodecError `invalid-option` for no samples, times that do not grow, or more than 4 GiB.
 */
export const writeMediaSegmentHead = (segment: MediaSegment<SampleShape>): Uint8Array<ArrayBuffer> => {
	const { samples, timescale } = segment;
	const bytes = samples.reduce((sum, { size }) => sum + size, 0);
	const start = segment.baseMediaDecodeTime ?? toTicks(samples[0]?.timestamp ?? 0, timescale);
	if (samples.length === 0 || bytes > 0xffff_0000 || !Number.isSafeInteger(start) || start < 0) {
		throw new CodecError("invalid-option", "A segment needs samples, less than 4 GiB of them, from time 0 on.");
	}
	const rows = rowsOf(samples, timescale);
	const shape = compact(rows);
	const fragment = (dataOffset: number) =>
		moof(
			mfhd(segment.sequenceNumber),
			traf(
				tfhd(segment.trackId, shape.defaults),
				tfdt(start),
				trun(dataOffset, shape.firstSampleFlags, shape.rows),
			),
		);
	// The offset of the data is the size of the moof that holds it: measure with 0, then write.
	const movieFragment = fragment(fragment(0).length + 8);
	return concatenate([
		segment.segmentType === false ? [] : styp("msdh", ["msdh", "cmfs", "iso6"]),
		movieFragment,
		mdatHeader(bytes),
	]);
};

const rowsOf = (samples: readonly SampleShape[], timescale: number): Required<RunRow>[] =>
	samples.map((sample, index) => {
		const end = samples[index + 1]?.timestamp ?? sample.timestamp + sample.duration;
		const duration = toTicks(end, timescale) - toTicks(sample.timestamp, timescale);
		if (!Number.isSafeInteger(duration) || duration < 0 || duration > 0xffff_ffff) {
			throw new CodecError("invalid-option", `Sample ${index} of a segment lasts ${duration} ticks.`, {
				hint: "Samples must be in order of time, without reordering.",
			});
		}
		return { duration, size: sample.size, flags: sample.sync ? SYNC_SAMPLE_FLAGS : DELTA_SAMPLE_FLAGS };
	});

/** Moves to `tfhd` what all rows share, and to `first_sample_flags` a sync sample that only the first is. */
const compact = (rows: readonly Required<RunRow>[]) => {
	const shared = (field: keyof RunRow, from = 0): number | undefined => {
		const value = rows[from]?.[field];
		return rows.slice(from).every((row) => row[field] === value) ? value : undefined;
	};
	const duration = shared("duration");
	const size = shared("size");
	const flags = shared("flags");
	const laterFlags = flags ?? shared("flags", 1);
	const firstSampleFlags = flags === undefined && laterFlags !== undefined ? rows[0]?.flags : undefined;
	return {
		defaults: { duration, size, flags: laterFlags ?? DELTA_SAMPLE_FLAGS },
		firstSampleFlags,
		rows: rows.map((row) => ({
			...(duration === undefined && { duration: row.duration }),
			...(size === undefined && { size: row.size }),
			...(laterFlags === undefined && { flags: row.flags }),
		})),
	};
};
