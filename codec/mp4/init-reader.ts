import { boxesIn, type BoxView, FieldReader, findBox, invalid, requireBox } from "./box-reader.ts";
import type { FileTrack } from "./init-segment.ts";
import type { TrackReference } from "./movie-boxes.ts";
import { readSampleEntry } from "./sample-entry-reader.ts";
import { toMicroseconds } from "./timescale.ts";

/** A track that was read, with what its fragments leave to the `moov`. */
export type ReadTrack = FileTrack & {
	readonly references: readonly TrackReference[];
	/** From `trex`; durations in ticks. */
	readonly defaults: SampleDefaults;
	/** Microseconds to add to stored times: from an edit list of one edit (and an empty one before it). */
	readonly shift: number;
};

/** What a sample has unless its row says otherwise. */
export type SampleDefaults = { readonly duration: number; readonly size: number; readonly flags: number };

/** What an init segment says. */
export type InitSegment = {
	readonly tracks: readonly ReadTrack[];
	/** Tracks of codecs that this package does not use. */
	readonly unsupported: readonly { readonly id: number; readonly format: string }[];
};

/**
 * Reads `ftyp` and `moov`; boxes of other types in front, between and behind are passed over.
 * @throws CodecError `invalid-file`; `unsupported-version` for an `sve1` of another version.
 */
export const readInitSegment = (bytes: Uint8Array): InitSegment =>
	readMovie(requireBox(boxesIn(bytes), "moov", "file").body);

/** Reads the contents of a `moov`. */
export const readMovie = (moov: Uint8Array): InitSegment => {
	const boxes = boxesIn(moov);
	const movieTimescale = readTimescale(requireBox(boxes, "mvhd", "moov"));
	const defaults = readTrackExtends(findBox(boxes, "mvex"));
	const tracks: ReadTrack[] = [];
	const unsupported: { id: number; format: string }[] = [];
	const ids = new Set<number>();
	for (const trak of boxes.filter((box) => box.type === "trak")) {
		const children = boxesIn(trak.body);
		const id = readTrackId(requireBox(children, "tkhd", "trak"));
		if (ids.has(id)) throw invalid(`Two tracks have the id ${id}.`);
		ids.add(id);
		const media = boxesIn(requireBox(children, "mdia", "trak").body);
		const timescale = readTimescale(requireBox(media, "mdhd", "mdia"));
		const information = boxesIn(requireBox(media, "minf", "mdia").body);
		const table = boxesIn(requireBox(information, "stbl", "minf").body);
		const entry = readSampleDescription(requireBox(table, "stsd", "stbl"));
		const track = readSampleEntry(entry);
		if (track === undefined) {
			unsupported.push({ id, format: entry.type });
			continue;
		}
		tracks.push({
			id,
			track,
			timescale,
			references: readReferences(findBox(children, "tref")),
			defaults: defaults.get(id) ?? { duration: 0, size: 0, flags: 0 },
			shift: readShift(findBox(children, "edts"), timescale, movieTimescale),
		});
	}
	return { tracks, unsupported };
};

const readTrackId = (tkhd: BoxView): number => {
	const fields = new FieldReader(tkhd.body, "tkhd");
	fields.skip(fields.versionAndFlags().version === 1 ? 16 : 8); // creation and modification time
	return fields.u32();
};

/** Of `mvhd` and `mdhd`, which open alike. */
const readTimescale = (header: BoxView): number => {
	const fields = new FieldReader(header.body, header.type);
	fields.skip(fields.versionAndFlags().version === 1 ? 16 : 8); // creation and modification time
	const timescale = fields.u32();
	if (timescale === 0) throw invalid(`Box "${header.type}" has a timescale of 0.`);
	return timescale;
};

const readSampleDescription = (stsd: BoxView): BoxView => {
	const fields = new FieldReader(stsd.body, "stsd");
	fields.versionAndFlags();
	const count = fields.u32();
	const [entry] = boxesIn(fields.rest());
	if (count !== 1 || entry === undefined)
		throw invalid(`Box "stsd" has ${count} entries; one is what a track here has.`);
	return entry;
};

const readReferences = (tref: BoxView | undefined): TrackReference[] =>
	(tref === undefined ? [] : boxesIn(tref.body)).map(({ type, body }) => {
		const fields = new FieldReader(body, type);
		const trackIds = Array.from({ length: Math.floor(body.length / 4) }, () => fields.u32());
		return { type, trackIds };
	});

const readTrackExtends = (mvex: BoxView | undefined): ReadonlyMap<number, SampleDefaults> => {
	const result = new Map<number, SampleDefaults>();
	for (const trex of (mvex === undefined ? [] : boxesIn(mvex.body)).filter((box) => box.type === "trex")) {
		const fields = new FieldReader(trex.body, "trex");
		fields.versionAndFlags();
		const id = fields.u32();
		fields.skip(4); // default_sample_description_index
		result.set(id, { duration: fields.u32(), size: fields.u32(), flags: fields.u32() });
	}
	return result;
};

const readShift = (edts: BoxView | undefined, timescale: number, movieTimescale: number): number => {
	const elst = edts === undefined ? undefined : findBox(boxesIn(edts.body), "elst");
	if (elst === undefined) return 0;
	const fields = new FieldReader(elst.body, "elst");
	const { version } = fields.versionAndFlags();
	const count = fields.u32();
	let shift = 0;
	for (let index = 0; index < count; index++) {
		const duration = version === 1 ? fields.u64() : fields.u32();
		const high = version === 1 ? fields.i32() : 0;
		const mediaTime = version === 1 ? high * 2 ** 32 + fields.u32() : fields.i32();
		fields.skip(4); // media_rate
		if (mediaTime >= 0) return shift - toMicroseconds(mediaTime, timescale);
		shift += toMicroseconds(duration, movieTimescale); // an empty edit: nothing is shown for so long
	}
	return shift;
};
