import type { AssetResponse } from "../../protocol/asset.ts";
import type { Sample } from "../../codec/sample.ts";
import { decodePart } from "../../protocol/part.ts";
import type { Still } from "../stages/stills.ts";
import type { EnhancementCoding, KeptPart, UploadRecord } from "./journal.ts";

/** An upload that can be continued. */
export type ResumePoint = {
	readonly record: UploadRecord;
	readonly asset: AssetResponse;
	/** By `track/number`: bytes that must come out the same again. */
	readonly kept: ReadonlyMap<string, KeptPart>;
	/** What is complete but not at the edge. */
	readonly unsent: readonly KeptPart[];
	/** By `track/number`: parts after the checkpoint that the edge has with the kept bytes. They are not sent again. */
	readonly arrived: ReadonlySet<string>;
	/** Base samples of groups that are coded already, by group. */
	readonly baseSamples: ReadonlyMap<number, readonly Sample[]>;
	/** Poster and storyboard so far. */
	readonly stills: readonly Still[];
};

export const partKey = (track: string, number: number): string => `${track}/${number}`;

/**
 * Whether what an earlier run began can go on with what there is now. A track is of one model and one bitstream from its first frame to its
 * last, so that another version of the SDK begins anew; where nothing can be computed any more, the base can go on.
 * @param coding what the enhancement would be coded with; undefined where there is nothing to compute on.
 */
export const canContinue = (record: UploadRecord, coding: EnhancementCoding | undefined): boolean =>
	record.coding === undefined ||
	coding === undefined ||
	(record.coding.modelId === coding.modelId && record.coding.bitstream === coding.bitstream);

/**
 * Brings together what the journal and the edge remember.
 * @returns undefined where they do not add up (a part is in neither): then the upload begins anew.
 */
export const resumePoint = (
	record: UploadRecord,
	parts: readonly KeptPart[],
	stills: readonly Still[],
	asset: AssetResponse,
): ResumePoint | undefined => {
	if (asset.state !== "uploading" || asset.id !== record.assetId) {
		return undefined;
	}
	const kept = new Map(parts.map((part) => [partKey(part.track, part.number), part]));
	const unsent: KeptPart[] = [];
	const arrived = new Set<string>();
	for (const [track, count] of Object.entries(record.checkpoint.parts)) {
		const progress = asset.tracks.find(({ id }) => id === track);
		if (progress === undefined) {
			return undefined;
		}
		const atEdge = (number: number) => number < progress.next || progress.ahead.includes(number);
		for (let number = progress.next; number < count; number++) {
			const part = kept.get(partKey(track, number));
			if (!atEdge(number) && part === undefined) {
				return undefined;
			}
			if (!atEdge(number) && part !== undefined) {
				unsent.push(part);
			}
		}
		// A part is kept before it is sent: what the edge has under its number are these bytes. Where the journal lost it, the
		// part is made and sent again, and the edge tells whether it is the same.
		for (const part of parts) {
			if (part.track === track && part.number >= count && atEdge(part.number)) {
				arrived.add(partKey(track, part.number));
			}
		}
	}
	const baseSamples = new Map<number, readonly Sample[]>();
	for (const part of parts) {
		if (part.track === "base" && part.group >= record.checkpoint.group && part.group <= record.baseDone) {
			baseSamples.set(part.group, [...(baseSamples.get(part.group) ?? []), ...decodePart(part.bytes)]);
		}
	}
	return { record, asset, kept, unsent, arrived, baseSamples, stills };
};
