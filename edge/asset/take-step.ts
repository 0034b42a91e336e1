import type { TrackJson } from "../../protocol/track.ts";
import type { AssetStore } from "./asset-store.ts";
import { packState } from "../hls/packed-state.ts";
import { wholeContent } from "./content.ts";
import { putOnce } from "./create-once.ts";
import { frozenStateKey, initKey, segmentKey } from "./object-keys.ts";
import { playbackState } from "./progress.ts";
import { segmentContent } from "./segment-bytes.ts";
import { type PartSlice, recordSegment, type SegmentStep, type Step, type TrackState } from "./state.ts";
import type { StoredAsset } from "./stored-asset.ts";
import { initSegment } from "./track-rules.ts";

/**
 * Takes one step: writes under a name that only it has, then records it, on disk first and then in memory. See state.ts for why this
 * order is safe.
 * @throws Error where the bucket fails, or holds other bytes under the name; the same step can then be taken again
 */
export const takeStep = async (asset: StoredAsset, step: Step, bucket: R2Bucket, store: AssetStore): Promise<void> => {
	const { settings, state } = asset;
	switch (step.type) {
		case "init": {
			const bytes = initSegment(jsonOf(asset, step.track));
			await putOnce(bucket, initKey(settings.id, step.track.id), wholeContent(bytes), "video/mp4");
			store.recordInit(step.track, bytes.length);
			step.track.initBytes = bytes.length;
			return;
		}
		case "segment":
			return storeSegment(asset, step, bucket, store);
		case "fail-track": {
			store.recordFailure(step.track, step.failure);
			step.track.failure = step.failure;
			return;
		}
		case "freeze": {
			const frozen = new TextEncoder().encode(JSON.stringify(packState(playbackState(settings, state, true))));
			await putOnce(bucket, frozenStateKey(settings.id), wholeContent(frozen), "application/json");
			// Deletion may have been asked for while this was written; it removes the frozen state too.
			if (state.phase !== "completing") return;
			store.recordPhase("ready");
			state.phase = "ready";
			asset.catalogueBehind = true;
		}
	}
};

/** Bytes 0 is a gap, of which nothing is written. */
const storeSegment = async (
	asset: StoredAsset,
	step: SegmentStep,
	bucket: R2Bucket,
	store: AssetStore,
): Promise<void> => {
	const { track, number, cut } = step;
	const read = (slice: PartSlice) => store.parts.read(track, slice);
	const segment = cut.count === 0 ? undefined : segmentContent(step, jsonOf(asset, track), read);
	if (segment !== undefined) {
		await putOnce(bucket, segmentKey(asset.settings.id, track.id, number), segment, "video/mp4");
	}
	const bytes = segment?.length ?? 0;
	store.recordSegment(step, bytes, segment?.partials);
	recordSegment(asset.state, step, bytes, segment?.partials);
};

const jsonOf = ({ settings }: StoredAsset, { id }: TrackState): TrackJson => {
	const json = settings.request.tracks.find((track) => track.id === id);
	if (json === undefined) throw new Error(`The asset has no track ${id}.`);
	return json;
};
