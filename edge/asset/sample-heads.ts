import type { SampleHead } from "./segmenter.ts";

/** Bytes of one head: timestamp as float64, duration as uint32, size with the sync flag on top as uint32. */
const HEAD_BYTES = 16;
const SYNC = 0x8000_0000;

/** Heads of a part as one blob, so that a part is one row and not one for each sample. */
export const encodeHeads = (heads: readonly SampleHead[]): Uint8Array<ArrayBuffer> => {
	const bytes = new Uint8Array(heads.length * HEAD_BYTES);
	const view = new DataView(bytes.buffer);
	for (const [index, head] of heads.entries()) {
		const offset = index * HEAD_BYTES;
		view.setFloat64(offset, head.timestamp);
		view.setUint32(offset + 8, head.duration);
		view.setUint32(offset + 12, (head.size | (head.sync ? SYNC : 0)) >>> 0);
	}
	return bytes;
};

/** What `encodeHeads` wrote. */
export const decodeHeads = (bytes: ArrayBuffer): SampleHead[] => {
	const view = new DataView(bytes);
	return Array.from({ length: bytes.byteLength / HEAD_BYTES }, (_, index) => {
		const offset = index * HEAD_BYTES;
		const sized = view.getUint32(offset + 12);
		return {
			timestamp: view.getFloat64(offset),
			duration: view.getUint32(offset + 8),
			size: sized & ~SYNC,
			sync: sized >= SYNC,
		};
	});
};
