import { CodecError } from "../errors.ts";
import type { Sample } from "../sample.ts";
import { boxesIn, type BoxView, FieldReader, findBox, invalid, requireBox } from "./box-reader.ts";
import { NON_SYNC_BIT } from "./fragment-boxes.ts";
import type { ReadTrack, SampleDefaults } from "./init-reader.ts";
import { toMicroseconds } from "./timescale.ts";

/** Most samples that one `moof` may announce: 20 minutes of 50 frames a second. Without rows, a run costs 12 bytes. */
const MAX_FRAGMENT_SAMPLES = 1 << 16;

/** Where a sample's bytes are, and what `Sample` says besides. */
export type SampleLocation = Omit<Sample, "data"> & {
	/** Of the first byte, counted as the `moof`'s own offset is. */
	readonly offset: number;
	/** Bytes. */
	readonly size: number;
};

/** The samples of one track in one fragment, before their bytes are read. */
export type FragmentIndex = { readonly trackId: number; readonly samples: readonly SampleLocation[] };

/** The samples of one track in one fragment. */
export type Fragment = { readonly trackId: number; readonly samples: readonly Sample[] };

/**
 * Reads the media segments in `bytes` (any number of `moof` + `mdat`; other boxes are passed over). Sample data are views into
 * `bytes`, not copies.
 * @param tracks from `readInitSegment`; fragments of other tracks are passed over.
 * @throws CodecError `invalid-file` where sizes or offsets do not fit, `unsupported-format` for a fragment without `tfdt`.
 */
export const readMediaSegment = (bytes: Uint8Array, tracks: readonly ReadTrack[]): Fragment[] => {
	const fragments: Fragment[] = [];
	let pending: readonly FragmentIndex[] = [];
	for (const box of boxesIn(bytes)) {
		if (box.type === "moof") {
			requireData(pending);
			pending = readMovieFragment(box.body, box.start, tracks);
		} else if (box.type === "mdat" && pending.length > 0) {
			const dataStart = box.start + box.size - box.body.length;
			requireInside(pending, dataStart, box.start + box.size);
			fragments.push(...pending.map((index) => withData(index, bytes, 0)));
			pending = [];
		}
	}
	requireData(pending);
	return fragments;
};

/** Attaches the bytes of `source`, whose first byte lies at `sourceOffset` of the file. */
export const withData = (index: FragmentIndex, source: Uint8Array, sourceOffset: number): Fragment => ({
	trackId: index.trackId,
	samples: index.samples.map(({ offset, size, timestamp, duration, sync }) => ({
		data: source.subarray(offset - sourceOffset, offset - sourceOffset + size),
		timestamp,
		duration,
		sync,
	})),
});

/** A `moof` whose data did not follow: the file was cut there. */
export const requireData = (pending: readonly FragmentIndex[]): void => {
	if (pending.some((index) => index.samples.length > 0)) throw invalid('A "moof" is not followed by its "mdat".');
};

/** Every sample must lie in the `mdat` behind its `moof`, and all together hold no more than it does: none is read many times. */
export const requireInside = (fragments: readonly FragmentIndex[], start: number, end: number): void => {
	let bytes = 0;
	for (const { trackId, samples } of fragments) {
		for (const { offset, size } of samples) {
			if (offset < start || offset + size > end) {
				throw invalid(`A sample of track ${trackId} lies outside its "mdat".`);
			}
			bytes += size;
		}
	}
	if (bytes > end - start) throw invalid(`Samples of ${bytes} bytes lie in an "mdat" of ${end - start}.`);
};

/**
 * Reads the contents of a `moof`.
 * @param moofStart offset of the `moof` box, from which sample offsets are counted.
 */
export const readMovieFragment = (
	moof: Uint8Array,
	moofStart: number,
	tracks: readonly ReadTrack[],
): FragmentIndex[] => {
	const fragments: FragmentIndex[] = [];
	let dataEnd = moofStart;
	let most = MAX_FRAGMENT_SAMPLES;
	for (const traf of boxesIn(moof).filter((box) => box.type === "traf")) {
		const boxes = boxesIn(traf.body);
		const header = readTrackFragmentHeader(requireBox(boxes, "tfhd", "traf"));
		const track = tracks.find((candidate) => candidate.id === header.trackId);
		if (track === undefined) continue;
		const defaults = { ...track.defaults, ...header.defaults };
		// Without default-base-is-moof, only the first track fragment counts from the moof, the others from the data before.
		const base = header.baseDataOffset ?? (header.baseIsMoof || fragments.length === 0 ? moofStart : dataEnd);
		let time = readDecodeTime(findBox(boxes, "tfdt"));
		const samples: SampleLocation[] = [];
		dataEnd = base;
		for (const trun of boxes.filter((box) => box.type === "trun")) {
			const run = readTrackRun(trun, defaults, most);
			most -= run.rows.length;
			let offset = run.dataOffset === undefined ? dataEnd : base + run.dataOffset;
			for (const row of run.rows) {
				const at = (ticks: number) => toMicroseconds(ticks, track.timescale) + track.shift;
				const timestamp = at(time + row.compositionOffset);
				const duration = at(time + row.compositionOffset + row.duration) - timestamp;
				samples.push({ offset, size: row.size, timestamp, duration, sync: (row.flags & NON_SYNC_BIT) === 0 });
				time += row.duration;
				offset += row.size;
			}
			dataEnd = offset;
		}
		fragments.push({ trackId: track.id, samples });
	}
	return fragments;
};

const readTrackFragmentHeader = (tfhd: BoxView) => {
	const fields = new FieldReader(tfhd.body, "tfhd");
	const { flags } = fields.versionAndFlags();
	const trackId = fields.u32();
	const baseDataOffset = (flags & 0x000001) === 0 ? undefined : fields.u64();
	if ((flags & 0x000002) !== 0) fields.skip(4); // sample_description_index
	const defaults: { -readonly [Field in keyof SampleDefaults]?: number } = {};
	if ((flags & 0x000008) !== 0) defaults.duration = fields.u32();
	if ((flags & 0x000010) !== 0) defaults.size = fields.u32();
	if ((flags & 0x000020) !== 0) defaults.flags = fields.u32();
	return { trackId, baseDataOffset, baseIsMoof: (flags & 0x020000) !== 0, defaults };
};

const readDecodeTime = (tfdt: BoxView | undefined): number => {
	if (tfdt === undefined) {
		throw new CodecError("unsupported-format", 'A track fragment has no "tfdt", so nothing says when it is.');
	}
	const fields = new FieldReader(tfdt.body, "tfdt");
	return fields.versionAndFlags().version === 1 ? fields.u64() : fields.u32();
};

type RunSample = SampleDefaults & { readonly compositionOffset: number };

const readTrackRun = (trun: BoxView, defaults: SampleDefaults, most: number) => {
	const fields = new FieldReader(trun.body, "trun");
	const { version, flags } = fields.versionAndFlags();
	const count = fields.u32();
	const dataOffset = (flags & 0x000001) === 0 ? undefined : fields.i32();
	const firstFlags = (flags & 0x000004) === 0 ? undefined : fields.u32();
	const present = (bit: number) => (flags & bit) !== 0;
	const rowBytes = [0x100, 0x200, 0x400, 0x800].filter(present).length * 4;
	if (count > most || count * rowBytes > fields.remaining) {
		throw invalid(`Box "trun" announces ${count} samples in ${fields.remaining} bytes.`);
	}
	const rows = Array.from({ length: count }, (_, index): RunSample => {
		const duration = present(0x100) ? fields.u32() : defaults.duration;
		const size = present(0x200) ? fields.u32() : defaults.size;
		// So that there are never more samples than bytes of media data.
		if (size === 0) throw invalid('Box "trun" has a sample of 0 bytes.');
		const own = present(0x400) ? fields.u32() : defaults.flags;
		const compositionOffset = !present(0x800) ? 0 : version === 0 ? fields.u32() : fields.i32();
		return { duration, size, flags: index === 0 ? (firstFlags ?? own) : own, compositionOffset };
	});
	return { dataOffset, rows };
};
