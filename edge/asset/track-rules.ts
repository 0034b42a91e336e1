import { readSequenceHeader } from "../../codec/bitstream/sequence-header.ts";
import { CodecError } from "../../codec/errors.ts";
import { writeInitSegment } from "../../codec/mp4/init-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import type { CreateAssetRequest } from "../../protocol/asset.ts";
import { type TrackJson, trackFromJson } from "../../protocol/track.ts";
import { refuse } from "./result.ts";
import type { AssetSettings } from "./settings.ts";

/** The only track of its files. */
export const TRACK_ID_IN_FILE = 1;

/** The init segment of a track: `ftyp` and `moov`. */
export const initSegment = (json: TrackJson): Uint8Array<ArrayBuffer> => {
	const track = trackFromJson(json);
	return writeInitSegment([{ id: TRACK_ID_IN_FILE, track, timescale: timescaleOf(track) }]);
};

/**
 * What is wrong with the tracks of a new asset beyond the form of the request, as one sentence; undefined if nothing. Everything
 * that could fail later in writing init segments, or in a player before the first sample, fails here.
 */
export const findTrackFault = (request: CreateAssetRequest): string | undefined => {
	for (const track of request.tracks) {
		try {
			if (track.kind === "enhancement") requireSequenceHeader(track, request);
			initSegment(track);
		} catch (error) {
			if (error instanceof CodecError) return `Track ${track.id}: ${error.message}`;
			throw error;
		}
	}
	return undefined;
};

/** Why an asset of so many tracks is not made, or undefined. */
export const findTooManyTracks = ({ request, limits }: AssetSettings) =>
	request.tracks.length <= limits.assetTracks
		? undefined
		: refuse(
				"constraint-exceeded",
				`The asset has ${request.tracks.length} tracks; it may have ${limits.assetTracks}.`,
				"Leave out enhancements.",
			);

const requireSequenceHeader = (
	track: Extract<TrackJson, { kind: "enhancement" }>,
	{ width, height, tracks }: CreateAssetRequest,
): void => {
	const parsed = trackFromJson(track);
	const header = readSequenceHeader(parsed.description);
	const base = tracks.find(({ kind }) => kind === "base");
	const faults: [boolean, string][] = [
		[header.width !== track.width || header.height !== track.height, "its size is not that of its description"],
		[header.modelId !== track.modelId, "its model id is not that of its description"],
		[track.width !== width || track.height !== height, "its size is not the asset's"],
		[
			base?.kind !== "base" || base.width !== header.baseWidth || base.height !== header.baseHeight,
			`its base must be ${header.baseWidth} x ${header.baseHeight}`,
		],
	];
	const fault = faults.find(([wrong]) => wrong);
	if (fault !== undefined) throw new CodecError("invalid-option", `${fault[1]}.`);
};
