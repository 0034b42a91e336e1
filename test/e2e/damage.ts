import { readSample, writeSample } from "../../codec/bitstream/sample.ts";
import type { StoredTrack } from "./stored-asset.ts";

/** What happens to the bytes of a file of the enhancement on their way. */
export type Damage = (bytes: Uint8Array, track: StoredTrack) => Uint8Array;

/** The segment ends in the middle. */
export const truncate: Damage = (bytes) => bytes.subarray(0, Math.floor(bytes.length * 0.6));

/** One bit in the middle of each sample is another. */
export const flipBits: Damage = (bytes, track) => {
	const damaged = bytes.slice();
	for (const { data } of samplesOf(track)) {
		const at = Buffer.from(bytes).indexOf(data);
		if (at < 0) continue;
		const middle = at + (data.length >> 1);
		damaged[middle] = (damaged[middle] ?? 0) ^ 0x10;
	}
	return damaged;
};

/** The init segment names other weights. */
export const otherModel: Damage = (bytes, { track }) => {
	if (track.track.kind !== "enhancement") throw new Error("only enhancements have a model");
	const id = Buffer.from(track.track.modelId, "hex");
	const at = Buffer.from(bytes).indexOf(id);
	if (at < 0) throw new Error("the init segment does not hold the model id");
	const damaged = bytes.slice();
	damaged[at] = (damaged[at] ?? 0) ^ 0xff;
	return damaged;
};

/** Every intra frame was coded against another base: its hash differs, its check sum is right. */
export const otherBase: Damage = (bytes, track) => {
	const damaged = bytes.slice();
	for (const { data } of samplesOf(track)) {
		const parts = readSample(data);
		const at = Buffer.from(bytes).indexOf(data);
		if (at < 0 || parts.baseHash === undefined) continue;
		damaged.set(writeSample({ ...parts, baseHash: (parts.baseHash ^ 1) >>> 0 }), at);
	}
	return damaged;
};

function samplesOf(track: StoredTrack): { readonly data: Uint8Array }[] {
	return track.segments.flatMap(({ samples }) => samples);
}
