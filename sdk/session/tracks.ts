import { writeSequenceHeader } from "../../codec/bitstream/sequence-header.ts";
import type { AudioTrack, BaseTrack, EnhancementTrack, Track } from "../../codec/track.ts";
import type { CreateAssetRequest } from "../../protocol/asset.ts";
import { trackToJson } from "../../protocol/track.ts";

/** Ids of the tracks at the edge. */
export const BASE_ID = "base";
export const AUDIO_ID = "audio";
export const enhancementId = (q: number): string => `e${q}`;

/** An enhancement as it will be coded. */
export const enhancementTrack = (
	size: { readonly width: number; readonly height: number },
	q: number,
	modelId: string,
	base: BaseTrack,
): EnhancementTrack => ({
	kind: "enhancement",
	codec: "sve1.01",
	...size,
	q,
	modelId,
	description: writeSequenceHeader({
		modelId,
		...size,
		baseWidth: base.width,
		baseHeight: base.height,
		colour: base.colour,
		q,
	}),
});

/** Everything that an asset is made of, by id. */
export type AssetTracks = ReadonlyMap<string, Track>;

export const assetTracks = (
	base: BaseTrack,
	enhancements: readonly EnhancementTrack[],
	audio: AudioTrack | undefined,
): AssetTracks => {
	const tracks = new Map<string, Track>([[BASE_ID, base]]);
	for (const track of enhancements) {
		tracks.set(enhancementId(track.q), track);
	}
	if (audio !== undefined) {
		tracks.set(AUDIO_ID, audio);
	}
	return tracks;
};

/** The request that creates the asset. @param about `longestPart`: of a live source, microseconds. */
export const createRequest = (
	tracks: AssetTracks,
	size: { readonly width: number; readonly height: number },
	frameRate: number,
	about: { readonly title: string; readonly longestPart: number | undefined },
): CreateAssetRequest => ({
	...size,
	frameRate: Math.min(1000, Math.max(0.01, frameRate)),
	...(about.title === "" ? {} : { title: about.title }),
	...(about.longestPart === undefined ? {} : { partialMilliseconds: about.longestPart / 1000 }),
	tracks: [...tracks].map(([id, track]) => trackToJson(id, track)),
});
