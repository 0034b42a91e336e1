import { type SampleShape, writeMediaSegmentHead } from "../../codec/mp4/media-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import { type TrackJson, trackFromJson } from "../../protocol/track.ts";
import type { Content } from "./content.ts";
import type { OpenPartial } from "./open-segment.ts";
import type { PartialCut } from "./partials.ts";
import { sizeOf } from "./segmenter.ts";
import type { PartialRecord, PartSlice, SegmentStep } from "./state.ts";
import { TRACK_ID_IN_FILE } from "./track-rules.ts";

/** The sample bytes of a slice, in pieces as they are stored. */
export type ReadSlice = (slice: PartSlice) => Iterable<Uint8Array>;

/**
 * `mfhd` sequence numbers of a low-latency segment's pieces: more than a segment ever has, of the longest that limits allow (600 s) in
 * the shortest pieces (50 ms, where a sample lasts more than half of the target), and 131,072 segments have numbers of 32 bits.
 */
const PIECES = 2 ** 15;

/** A fragment of a segment: what stands before its samples, and where those are. */
type Fragment = { readonly head: Uint8Array; readonly slices: readonly PartSlice[]; readonly length: number };

/**
 * A media segment, and its pieces where it is cut into such: it is they, one after the other. A segment may be of many megabytes, so it is
 * never in memory: its samples are read while it is written.
 */
export const segmentContent = (
	step: SegmentStep,
	json: TrackJson,
	read: ReadSlice,
): Content & { readonly partials?: readonly PartialRecord[] } => {
	const { slices, number, cut, partials } = step;
	if (partials === undefined) {
		return contentOf([fragment(json, slices, { end: cut.lastSampleEnd, sequence: number + 1, first: true })], read);
	}
	const pieces = partials.map((partial, index) => {
		const own = takeSamples(slices, partial.from, partial.count);
		const end = partial.lastSampleEnd ?? cut.lastSampleEnd;
		return piece(json, own, { ...partial, lastSampleEnd: end }, number, index);
	});
	return {
		...contentOf(pieces, read),
		partials: partials.map(({ duration, independent }, index) => ({
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
): Uint8Array<ArrayBuffer> => {
	const { length, chunks } = contentOf([piece(json, slices, cut, segment, index)], read);
	const bytes = new Uint8Array(length);
	let filled = 0;
	for (const chunk of chunks()) {
		bytes.set(chunk, filled);
		filled += chunk.length;
	}
	return bytes;
};

const piece = (
	json: TrackJson,
	slices: readonly PartSlice[],
	{ lastSampleEnd }: PartialCut,
	segment: number,
	index: number,
): Fragment =>
	fragment(json, slices, { end: lastSampleEnd, sequence: segment * PIECES + index + 1, first: index === 0 });

/** `end`: where the last sample ends, microseconds; `first`: nothing of the segment stands before it. */
const fragment = (
	json: TrackJson,
	slices: readonly PartSlice[],
	{ end, sequence, first }: { end: number | undefined; sequence: number; first: boolean },
): Fragment => {
	const head = writeMediaSegmentHead({
		trackId: TRACK_ID_IN_FILE,
		sequenceNumber: sequence,
		timescale: timescaleOf(trackFromJson(json)),
		samples: lastingUntil(
			slices.flatMap(({ heads }) => heads),
			end,
		),
		segmentType: first,
	});
	return { head, slices, length: head.length + slices.reduce((sum, slice) => sum + sizeOf(slice.heads), 0) };
};

const contentOf = (fragments: readonly Fragment[], read: ReadSlice): Content => ({
	length: fragments.reduce((sum, { length }) => sum + length, 0),
	*chunks() {
		for (const { head, slices } of fragments) {
			yield head;
			for (const slice of slices) yield* read(slice);
		}
	},
});

/** The writer lets a sample last until the next; the last one lasts until what comes after. */
const lastingUntil = (samples: readonly SampleShape[], end: number | undefined): readonly SampleShape[] => {
	const last = samples.at(-1);
	if (last === undefined || end === undefined) return samples;
	return [...samples.slice(0, -1), { ...last, duration: end - last.timestamp }];
};

/** Of samples in slices, `count` after the first `from`. */
const takeSamples = (slices: readonly PartSlice[], from: number, count: number): PartSlice[] => {
	const taken: PartSlice[] = [];
	let [skip, left] = [from, count];
	for (const { part, offset, heads } of slices) {
		const own = heads.slice(skip, skip + left);
		if (own.length > 0) taken.push({ part, offset: offset + sizeOf(heads.slice(0, skip)), heads: own });
		skip = Math.max(0, skip - heads.length);
		left -= own.length;
	}
	return taken;
};
