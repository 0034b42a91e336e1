import type { AssetResponse } from "../../protocol/asset.ts";
import type { Sample } from "../../codec/sample.ts";
import { decodePart } from "../../protocol/part.ts";
import type { KeptPart, UploadRecord } from "./journal.ts";

/** An upload that can be continued. */
export type ResumePoint = {
	readonly record: UploadRecord;
	readonly asset: AssetResponse;
	/** By `track/number`: bytes that must come out the same again. */
	readonly kept: ReadonlyMap<string, KeptPart>;
	/** What is complete but not at the edge. */
	readonly unsent: readonly KeptPart[];
	/** Base samples of groups that are coded already, by group. */
	readonly baseSamples: ReadonlyMap<number, readonly Sample[]>;
};

export const partKey = (track: string, number: number): string => `${track}/${number}`;

/**
 * Brings together what the journal and the edge remember.
 * @returns undefined where they do not add up (a part is in neither): then the upload begins anew.
 */
export const resumePoint = (
	record: UploadRecord,
	parts: readonly KeptPart[],
	asset: AssetResponse,
): ResumePoint | undefined => {
	if (asset.state !== "uploading" || asset.id !== record.assetId) {
		return undefined;
	}
	const kept = new Map(parts.map((part) => [partKey(part.track, part.number), part]));
	const unsent: KeptPart[] = [];
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
	}
	const baseSamples = new Map<number, readonly Sample[]>();
	for (const part of parts) {
		if (part.track === "base" && part.group >= record.checkpoint.group && part.group <= record.baseDone) {
			baseSamples.set(part.group, [...(baseSamples.get(part.group) ?? []), ...decodePart(part.bytes)]);
		}
	}
	return { record, asset, kept, unsent, baseSamples };
};
