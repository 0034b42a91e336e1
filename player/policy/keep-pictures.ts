import type { DecodableSegment } from "./next-segment.ts";

/** What decides whether decoded pictures are kept for the next round of a loop. */
export type KeepObservation = {
	readonly loops: boolean;
	/** Seconds of the whole video; Infinity where not known. */
	readonly duration: number;
	readonly frameRate: number;
	/** Visible size of the enhancement. */
	readonly width: number;
	readonly height: number;
	/** Bytes that a picture takes for each luma sample where it waits; undefined: no backend is ready. */
	readonly bytesPerSample: number | undefined;
};

/** Longer videos are not kept, however small: they hold the encoded bytes of all of it no more. Seconds. */
const LONGEST = 20;
/** Bytes of decoded pictures that one player may keep. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Says whether the decoded pictures of a loop should be kept. A short loop is decoded once instead of once a round; and a device
 * that decodes slower than it plays gets there all the same, a few rounds later.
 */
export function worthKeeping(o: KeepObservation): boolean {
	if (!o.loops || o.bytesPerSample === undefined || !(o.duration <= LONGEST)) return false;
	return o.duration * o.frameRate * o.width * o.height * o.bytesPerSample <= MOST_BYTES;
}

/** The segment of a kept loop to decode next: from the playhead on, then from the start; undefined: none is ready. */
export function nextToKeep(segments: readonly DecodableSegment[], position: number): number | undefined {
	const open = segments.filter(({ ready, spent }) => ready && !spent);
	return (open.find(({ start, duration }) => start + duration > position) ?? open[0])?.sequence;
}
