import type { PlayerStatistics } from "../statistics/statistics.ts";
import type { PlayerSource } from "./player-source.ts";

/** Everything that the statistics overlay shows. @param source undefined: none is loaded */
export function statisticsOf(source: PlayerSource | undefined, video: HTMLVideoElement | null): PlayerStatistics {
	const report = source?.report;
	const base = { width: video?.videoWidth ?? 0, height: video?.videoHeight ?? 0 };
	const used = report?.enhancement;
	return {
		state: source?.state ?? "base",
		reason: source ? source.reason : "playback-not-begun",
		error: report?.error ?? source?.fault?.message,
		backend: report?.ready?.description,
		passedOver: report?.ready?.passedOver ?? [],
		base,
		shown: report?.shown ?? base,
		enhancement: used && { id: used.id, q: used.q, bitrate: used.bandwidth },
		bandwidth: source?.bandwidth,
		baseBuffer: source?.baseBuffer ?? 0,
		enhancementBuffer: report?.enhancementBuffer ?? 0,
		picturesReady: report?.picturesReady ?? 0,
		times: report?.times,
		decodeRate: report?.decodeRate,
		frameRate: source?.frameRate ?? 0,
		frames: report?.frames ?? { enhanced: 0, missed: 0, all: 0 },
		dropped: video?.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0,
		enhancementBytes: report?.bytes ?? 0,
		firstPicture: source?.firstPictures.base,
		firstEnhanced: source?.firstPictures.enhanced,
		loadMilliseconds: report?.ready?.loadMilliseconds,
		selfTestMilliseconds: report?.ready?.selfTestMilliseconds,
	};
}
