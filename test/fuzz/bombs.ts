import type { ReadTrack } from "../../codec/mp4/init-reader.ts";

const u32 = (...values: number[]): Uint8Array => {
	const bytes = new Uint8Array(4 * values.length);
	for (const [index, value] of values.entries()) new DataView(bytes.buffer).setUint32(4 * index, value);
	return bytes;
};

const box = (type: string, ...contents: Uint8Array[]): Uint8Array => {
	const body = Buffer.concat(contents);
	return Buffer.concat([u32(8 + body.length), new TextEncoder().encode(type), body]);
};

const TRACK: ReadTrack = {
	id: 1,
	timescale: 1000,
	references: [],
	shift: 0,
	defaults: { duration: 0, size: 0, flags: 0 },
	track: { kind: "audio", codec: "opus", sampleRate: 48_000, channels: 2, description: new Uint8Array(11) },
};

/** 65,536 samples a run, of 20 bytes: as many as a run may announce, without a row for any. */
export function runsWithoutRows(
	runs: number,
	sampleBytes: number,
): { readonly tracks: readonly ReadTrack[]; readonly segment: Uint8Array } {
	const defaultSize = 0x000010;
	const baseIsMoof = 0x020000;
	const header = box("tfhd", u32(baseIsMoof | defaultSize, TRACK.id, sampleBytes));
	const trun = box("trun", u32(0x000001, 1 << 16, 0));
	const rows = Array.from({ length: runs }, () => trun);
	const moof = box("moof", box("traf", header, box("tfdt", u32(0, 0)), ...rows));
	return { tracks: [TRACK], segment: new Uint8Array(Buffer.concat([moof, box("mdat", new Uint8Array(1))])) };
}
