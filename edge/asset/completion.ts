import type { CompleteRequest } from "../../protocol/asset.ts";
import { trackFailed } from "./refusals.ts";
import { refuse } from "./result.ts";
import { type AssetState, missingParts, type TrackState } from "./state.ts";

/** Most missing parts that one answer lists for a track. */
const LISTED_PARTS = 1000;

/** How many parts each track has, by the track's id. */
export type PartCounts = ReadonlyMap<string, number>;

/** The numbers of parts in a request; undefined where its tracks are not those of the asset. */
export const countParts = (state: AssetState, request: CompleteRequest): PartCounts | undefined => {
	const counts = new Map(request.tracks.map(({ id, parts }) => [id, parts]));
	const fits = counts.size === state.tracks.length && state.tracks.every(({ id }) => counts.has(id));
	return fits ? counts : undefined;
};

/** Why an open asset cannot be closed with these numbers of parts: no base, parts too many, parts missing. */
export const findCompletionFault = (tracks: readonly TrackState[], counts: PartCounts) => {
	const [base] = tracks;
	if (base?.failure !== undefined) return trackFailed(base);
	if (base !== undefined && counts.get(base.id) === 0) {
		return refuse("invalid-request", "The base has no parts.", "An asset needs a picture; else delete it.");
	}
	const live = tracks.filter(({ failure }) => failure === undefined);
	for (const track of live) {
		const highest = Math.max(track.contiguous - 1, ...track.parts.keys());
		if (highest >= (counts.get(track.id) ?? 0)) {
			const message = `Track ${track.id} has a part ${highest}.`;
			return refuse("invalid-request", message, "Count the parts of each track, from 0 on.");
		}
	}
	const missing = live.flatMap((track) => {
		const parts = missingParts({ ...track, expected: counts.get(track.id) }, LISTED_PARTS);
		return parts.length === 0 ? [] : [{ id: track.id, parts }];
	});
	if (missing.length === 0) return undefined;
	const hint = "Send those in missing, then complete again.";
	return refuse("parts-missing", "Not all parts have come.", hint, { body: { missing } });
};
