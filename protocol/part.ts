import type { Sample } from "../codec/sample.ts";

/**
 * A part is the unit of upload: consecutive samples of one track.
 *
 * | field | bits | |
 * | --- | --- | --- |
 * | magic | 32 | `CRP1` |
 * | per sample: flags | 8 | bit 0: sync; others 0 |
 * | size | 32 | bytes of data, 1 or more |
 * | timestamp | 64 | microseconds, below 2^53, larger than that of the sample before |
 * | duration | 32 | microseconds, 1 or more |
 * | data | | |
 *
 * Big-endian. The last sample ends with the part.
 */
const MAGIC = 0x43525031;

/** Bytes in front of the first sample. */
export const PART_HEADER_BYTES = 4;

/** Bytes in front of each sample's data. */
export const SAMPLE_HEADER_BYTES = 17;

/** A part has at most so many bytes, framing included: several are in the edge's memory at the same time, and a single picture has to fit. */
export const MAX_PART_BYTES = 2 * 2 ** 20;

/** `Content-Type` of a part. */
export const PART_MEDIA_TYPE = "application/vnd.crescendo.part";

/** A part that is impossible: its framing, times or sizes are wrong. */
export class PartError extends Error {
	readonly code = "invalid-part";
	constructor(message: string) {
		super(message);
		this.name = "PartError";
	}
}

/** Bytes of the part that holds these samples. */
export const partSize = (samples: readonly Sample[]): number =>
	samples.reduce((sum, sample) => sum + SAMPLE_HEADER_BYTES + sample.data.length, PART_HEADER_BYTES);

/**
 * Frames samples as a part.
 * @throws PartError for no samples, more than `MAX_PART_BYTES`, or times that `decodePart` would refuse.
 */
export const encodePart = (samples: readonly Sample[]): Uint8Array<ArrayBuffer> => {
	const size = partSize(samples);
	if (samples.length === 0) throw new PartError("A part without samples.");
	if (size > MAX_PART_BYTES) throw new PartError(`A part of ${size} bytes; the most is ${MAX_PART_BYTES}.`);
	const bytes = new Uint8Array(size);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, MAGIC);
	let offset = PART_HEADER_BYTES;
	let earliest = 0;
	for (const [index, { data, timestamp, duration, sync }] of samples.entries()) {
		requireTimes(index, timestamp, duration, earliest, data.length);
		view.setUint8(offset, sync ? 1 : 0);
		view.setUint32(offset + 1, data.length);
		view.setUint32(offset + 5, Math.floor(timestamp / 2 ** 32));
		view.setUint32(offset + 9, timestamp % 2 ** 32);
		view.setUint32(offset + 13, duration);
		bytes.set(data, offset + SAMPLE_HEADER_BYTES);
		offset += SAMPLE_HEADER_BYTES + data.length;
		earliest = timestamp + 1;
	}
	return bytes;
};

/** A sample of a part: everything but its data, and where those begin in the part. Times in microseconds. */
export type PartSample = Omit<Sample, "data"> & { readonly offset: number; readonly size: number };

/**
 * The samples of a part of at most `largest` bytes, at most `most`; their data are views into `bytes`.
 * @throws PartError for everything that `encodePart` does not write, and for one sample too many before it is read.
 */
export const decodePart = (bytes: Uint8Array, most = Number.POSITIVE_INFINITY, largest = MAX_PART_BYTES): Sample[] =>
	findSamples(bytes, most, largest).map((sample) => sampleOf(bytes, sample));

/** A sample that was found in these bytes; its data are a view into them. */
export const sampleOf = (bytes: Uint8Array, { offset, size, timestamp, duration, sync }: PartSample): Sample => ({
	data: bytes.subarray(offset, offset + size),
	...{ timestamp, duration, sync },
});

/**
 * Where the samples of a part of at most `largest` bytes are, at most `most`: a fraction of the memory that views of them take.
 * @throws PartError as `decodePart` does
 */
export const findSamples = (
	bytes: Uint8Array,
	most = Number.POSITIVE_INFINITY,
	largest = MAX_PART_BYTES,
): PartSample[] => {
	if (bytes.length > largest) throw new PartError(`A part of ${bytes.length} bytes; the most is ${largest}.`);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (bytes.length < PART_HEADER_BYTES || view.getUint32(0) !== MAGIC)
		throw new PartError('A part begins with "CRP1".');
	const samples: PartSample[] = [];
	let offset = PART_HEADER_BYTES;
	let earliest = 0;
	while (offset < bytes.length) {
		const index = samples.length;
		if (index >= most) throw new PartError(`A part of more than ${most} samples.`);
		if (bytes.length - offset < SAMPLE_HEADER_BYTES)
			throw new PartError(`The header of sample ${index} is cut short.`);
		const flags = view.getUint8(offset);
		const size = view.getUint32(offset + 1);
		const timestamp = view.getUint32(offset + 5) * 2 ** 32 + view.getUint32(offset + 9);
		const duration = view.getUint32(offset + 13);
		offset += SAMPLE_HEADER_BYTES;
		if (flags > 1) throw new PartError(`Sample ${index} has unknown flags.`);
		if (size > bytes.length - offset) {
			throw new PartError(`Sample ${index} claims ${size} bytes where ${bytes.length - offset} are left.`);
		}
		requireTimes(index, timestamp, duration, earliest, size);
		samples.push({ timestamp, duration, sync: flags === 1, offset, size });
		offset += size;
		earliest = timestamp + 1;
	}
	if (samples.length === 0) throw new PartError("A part without samples.");
	return samples;
};

const requireTimes = (index: number, timestamp: number, duration: number, earliest: number, size: number): void => {
	if (size === 0) throw new PartError(`Sample ${index} is empty.`);
	if (!Number.isSafeInteger(timestamp) || timestamp < earliest) {
		throw new PartError(
			`Sample ${index} is at ${timestamp} microseconds; samples go forward in whole microseconds.`,
		);
	}
	if (!Number.isInteger(duration) || duration < 1 || duration > 0xffff_ffff) {
		throw new PartError(`Sample ${index} lasts ${duration} microseconds.`);
	}
};
