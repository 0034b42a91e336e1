import { findSamples, PartError, type PartSample, sampleOf } from "../../protocol/part.ts";
import type { TrackJson } from "../../protocol/track.ts";
import type { StoredPart } from "./part-store.ts";
import { accept, refuse, type Result } from "./result.ts";
import { findSampleFault } from "./sample-rules.ts";
import type { AssetSettings } from "./settings.ts";
import { type AssetState, baseOf, pendingBytes, receivedBytes, type TrackState } from "./state.ts";

/** A part that is looked at before it is stored. */
export type IncomingPart = { readonly track: TrackState; readonly number: number; readonly bytes: Uint8Array };

/** The samples of a part, or why it cannot be one of this track: its form, its samples, and its place in time. */
export const readPart = (
	part: IncomingPart,
	json: TrackJson,
	settings: AssetSettings,
	neighbours: { readonly before: StoredPart | undefined; readonly after: StoredPart | undefined },
): Result<readonly PartSample[]> => {
	const samples = decode(part.bytes, settings.limits.partSamples);
	if (typeof samples === "string") return invalid(samples);
	const first = samples[0];
	const last = samples.at(-1);
	if (first === undefined || last === undefined) return invalid("A part without samples.");
	for (const [index, sample] of samples.entries()) {
		const fault =
			sample.duration > settings.limits.segmentSeconds * 1_000_000
				? `It lasts ${sample.duration} microseconds, longer than a segment may.`
				: findSampleFault(json, sampleOf(part.bytes, sample));
		if (fault !== undefined) return invalid(`Sample ${index}: ${fault}`);
	}
	if (part.number === 0 && !first.sync) return invalid("A track begins with a sync sample.");
	if (neighbours.before !== undefined && first.timestamp <= neighbours.before.last) {
		return invalid(`The part begins at ${first.timestamp} microseconds, the one before ends later.`);
	}
	if (neighbours.after !== undefined && last.timestamp >= neighbours.after.first) {
		return invalid(`The part ends at ${last.timestamp} microseconds, the one after begins earlier.`);
	}
	const limit = settings.limits.assetSeconds;
	if (last.timestamp + last.duration > limit * 1_000_000) {
		return refuse(
			"constraint-exceeded",
			`The asset may last ${limit} seconds.`,
			"Times begin at 0; send a shorter video.",
		);
	}
	return accept(samples);
};

const decode = (bytes: Uint8Array, most: number): PartSample[] | string => {
	try {
		return findSamples(bytes, most);
	} catch (error) {
		if (error instanceof PartError) return error.message;
		throw error;
	}
};

const invalid = (message: string) =>
	refuse("invalid-part", message, "Send the samples of one track in order, as the encoder made them.");

/** Why there is no room for a part now, or undefined: its own size, the asset's, and what may wait for other parts. */
export const findNoRoom = (state: AssetState, settings: AssetSettings, part: IncomingPart, storeFails: boolean) => {
	const { assetBytes, partBytes, pendingBytes: pendingLimit, pendingParts } = settings.limits;
	if (part.bytes.length > partBytes) {
		const hint = "Send fewer samples in a part; a single one that is larger needs a lower quality.";
		return refuse("too-large", `A part may hold ${partBytes} bytes.`, hint);
	}
	if (receivedBytes(state) + part.bytes.length > assetBytes) {
		return refuse(
			"constraint-exceeded",
			`The asset may hold ${assetBytes} bytes.`,
			"Use a lower quality or a shorter video.",
		);
	}
	const waiting = part.track.parts.size;
	if (pendingBytes(part.track) + part.bytes.length <= pendingLimit && waiting < pendingParts) return undefined;
	if (storeFails) {
		return refuse("storage-unavailable", "Segments cannot be stored just now.", "Send the part again later.", {
			retryAfter: 5,
		});
	}
	// The part that everything waits for is let in, or the track would never go on.
	const base = baseOf(state);
	const awaited = part.number === part.track.contiguous;
	if (awaited && (part.track === base || part.track.contiguousTime <= base.contiguousTime)) return undefined;
	return refuse(
		"rate-limited",
		`Track ${part.track.id} has ${waiting} parts, ${pendingBytes(part.track)} bytes, waiting for others.`,
		"Send the missing parts first, those of the base before all.",
		{ retryAfter: 1 },
	);
};
