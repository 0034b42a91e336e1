import { ascii, box, type Bytes, fullBox, u32, u64 } from "./box.ts";

/** Sample flags of a sync sample: depends on no other (ISO/IEC 14496-12 section 8.8.3.1). */
export const SYNC_SAMPLE_FLAGS = 0x02000000;

/** Sample flags of any other: depends on others, is no sync sample. */
export const DELTA_SAMPLE_FLAGS = 0x01010000;

/** The bit of sample flags that says "not a sync sample". */
export const NON_SYNC_BIT = 0x00010000;

/** Segment type: brands of a CMAF media segment. */
export const styp = (majorBrand: string, compatibleBrands: readonly string[]) =>
	box(
		"styp",
		ascii(majorBrand), // major_brand
		u32(0), // minor_version
		...compatibleBrands.map(ascii), // compatible_brands
	);

/** Movie fragment. */
export const moof = (...children: readonly Bytes[]) => box("moof", ...children);

/** Movie fragment header. */
export const mfhd = (sequenceNumber: number) => fullBox("mfhd", 0, 0, u32(sequenceNumber));

/** Track fragment. */
export const traf = (...children: readonly Bytes[]) => box("traf", ...children);

/** Track fragment header, offsets counted from the `moof`; only the defaults that are given are written. */
export const tfhd = (
	trackId: number,
	defaults: { readonly duration?: number | undefined; readonly size?: number | undefined; readonly flags: number },
) =>
	fullBox(
		"tfhd",
		0,
		0x020000 | // default-base-is-moof
			(defaults.duration === undefined ? 0 : 0x000008) | // default-sample-duration-present
			(defaults.size === undefined ? 0 : 0x000010) | // default-sample-size-present
			0x000020, // default-sample-flags-present
		u32(trackId), // track_ID
		defaults.duration === undefined ? [] : u32(defaults.duration), // default_sample_duration
		defaults.size === undefined ? [] : u32(defaults.size), // default_sample_size
		u32(defaults.flags), // default_sample_flags
	);

/** Track fragment decode time, 64 bits, in ticks. */
export const tfdt = (baseMediaDecodeTime: number) => fullBox("tfdt", 1, 0, u64(baseMediaDecodeTime));

/** One row of a track run; fields absent from the first row are absent from all (they come from `tfhd`). */
export type RunRow = { readonly duration?: number; readonly size?: number; readonly flags?: number };

/** Track run. `firstSampleFlags` overrides the default for the first sample only. */
export const trun = (dataOffset: number, firstSampleFlags: number | undefined, rows: readonly RunRow[]) => {
	const first = rows[0] ?? {};
	return fullBox(
		"trun",
		0,
		0x000001 | // data-offset-present
			(firstSampleFlags === undefined ? 0 : 0x000004) | // first-sample-flags-present
			(first.duration === undefined ? 0 : 0x000100) | // sample-duration-present
			(first.size === undefined ? 0 : 0x000200) | // sample-size-present
			(first.flags === undefined ? 0 : 0x000400), // sample-flags-present
		u32(rows.length), // sample_count
		u32(dataOffset), // data_offset
		firstSampleFlags === undefined ? [] : u32(firstSampleFlags), // first_sample_flags
		rows.flatMap((row) => [
			...(row.duration === undefined ? [] : u32(row.duration)), // sample_duration
			...(row.size === undefined ? [] : u32(row.size)), // sample_size
			...(row.flags === undefined ? [] : u32(row.flags)), // sample_flags
		]),
	);
};

/** Header of a media data box of `size` bytes of payload; the payload follows. */
export const mdatHeader = (size: number) => [...u32(8 + size), ...ascii("mdat")];
