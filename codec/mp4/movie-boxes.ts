import { ascii, box, type Bytes, fixed16_16, fixed8_8, fullBox, u16, u32, u8, zeros } from "./box.ts";

/** Reference of a track to others in the same file: `sbas` names the base that an enhancement is coded against. */
export type TrackReference = { readonly type: string; readonly trackIds: readonly number[] };

/** Unity transformation: a picture shown as it is. */
const UNITY_MATRIX: Bytes = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap(u32);

/** File type. */
export const ftyp = (majorBrand: string, compatibleBrands: readonly string[]) =>
	box(
		"ftyp",
		ascii(majorBrand), // major_brand
		u32(0), // minor_version
		...compatibleBrands.map(ascii), // compatible_brands
	);

/** Movie: everything about the tracks but their samples. */
export const moov = (...children: readonly Bytes[]) => box("moov", ...children);

/** Movie header. Duration 0: the fragments say how long the movie is. */
export const mvhd = (timescale: number, nextTrackId: number) =>
	fullBox(
		"mvhd",
		0,
		0,
		u32(0), // creation_time
		u32(0), // modification_time
		u32(timescale), // timescale
		u32(0), // duration
		fixed16_16(1), // rate
		fixed8_8(1), // volume
		zeros(2 + 8), // reserved
		UNITY_MATRIX, // matrix
		zeros(24), // pre_defined
		u32(nextTrackId), // next_track_ID
	);

/** Track. */
export const trak = (...children: readonly Bytes[]) => box("trak", ...children);

/** Track header. `width` and `height` in samples, 0 for sound; `enabled` false hides a track from readers that do not know it. */
export const tkhd = (header: {
	readonly trackId: number;
	readonly width: number;
	readonly height: number;
	readonly audio: boolean;
	readonly enabled: boolean;
	readonly alternateGroup: number;
}) =>
	fullBox(
		"tkhd",
		0,
		(header.enabled ? 0x1 : 0) | 0x2, // track_enabled, track_in_movie
		u32(0), // creation_time
		u32(0), // modification_time
		u32(header.trackId), // track_ID
		u32(0), // reserved
		u32(0), // duration
		zeros(8), // reserved
		u16(0), // layer
		u16(header.alternateGroup), // alternate_group
		fixed8_8(header.audio ? 1 : 0), // volume
		u16(0), // reserved
		UNITY_MATRIX, // matrix
		fixed16_16(header.width), // width
		fixed16_16(header.height), // height
	);

/** Track references, one inner box a type. */
export const tref = (references: readonly TrackReference[]) =>
	box("tref", ...references.map((reference) => box(reference.type, reference.trackIds.flatMap(u32))));

/** Media. */
export const mdia = (...children: readonly Bytes[]) => box("mdia", ...children);

/** Media header. Language is undetermined. */
export const mdhd = (timescale: number) =>
	fullBox(
		"mdhd",
		0,
		0,
		u32(0), // creation_time
		u32(0), // modification_time
		u32(timescale), // timescale
		u32(0), // duration
		u16(0x55c4), // language: "und"
		u16(0), // pre_defined
	);

/** Handler: `vide` or `soun`. */
export const hdlr = (handlerType: string, name: string) =>
	fullBox(
		"hdlr",
		0,
		0,
		u32(0), // pre_defined
		ascii(handlerType), // handler_type
		zeros(12), // reserved
		ascii(name), // name
		u8(0), // its terminator
	);

/** Media information. */
export const minf = (...children: readonly Bytes[]) => box("minf", ...children);

/** Video media header. */
export const vmhd = () =>
	fullBox(
		"vmhd",
		0,
		1,
		u16(0), // graphicsmode: copy
		zeros(6), // opcolor
	);

/** Sound media header. */
export const smhd = () =>
	fullBox(
		"smhd",
		0,
		0,
		u16(0), // balance
		u16(0), // reserved
	);

/** Data information: the media is in this very file. */
export const dinf = () => box("dinf", dref());

const dref = () =>
	fullBox(
		"dref",
		0,
		0,
		u32(1), // entry_count
		fullBox("url ", 0, 1), // flag 1: same file
	);

/** Sample table: descriptions only, the samples are in fragments. */
export const stbl = (...children: readonly Bytes[]) => box("stbl", ...children);

/** Sample descriptions. */
export const stsd = (entry: Bytes) =>
	fullBox(
		"stsd",
		0,
		0,
		u32(1), // entry_count
		entry,
	);

/** Time to sample, empty. */
export const stts = () => fullBox("stts", 0, 0, u32(0));

/** Sample to chunk, empty. */
export const stsc = () => fullBox("stsc", 0, 0, u32(0));

/** Sample sizes, empty. */
export const stsz = () => fullBox("stsz", 0, 0, u32(0), u32(0));

/** Chunk offsets, empty. */
export const stco = () => fullBox("stco", 0, 0, u32(0));

/** Movie extends: announces fragments. */
export const mvex = (...children: readonly Bytes[]) => box("mvex", ...children);

/** Track extends: defaults of the track's fragments. */
export const trex = (trackId: number) =>
	fullBox(
		"trex",
		0,
		0,
		u32(trackId), // track_ID
		u32(1), // default_sample_description_index
		u32(0), // default_sample_duration
		u32(0), // default_sample_size
		u32(0), // default_sample_flags
	);
