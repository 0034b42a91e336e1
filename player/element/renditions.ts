import type { VideoRendition, VideoTrack } from "media-tracks";
import type { ListedEnhancement } from "../stream/enhancement-list.ts";

/** Id of the rendition that shows the base alone. */
export const LOW_RENDITION = "low";

/** What a row of the quality menu stands for. */
export type RenditionRow = {
	readonly id: string;
	readonly width: number;
	readonly height: number;
	/** Bits a second, base included. */
	readonly bitrate: number;
	readonly codec: string;
};

/** The rows of the quality menu: low, then each enhancement, best last. */
export function renditionRows(
	base: { readonly width: number; readonly height: number; readonly bitrate: number; readonly codec: string },
	enhancements: readonly ListedEnhancement[],
): readonly RenditionRow[] {
	const rows: RenditionRow[] = [{ id: LOW_RENDITION, ...base }];
	for (const { id, width, height, bandwidth, codec } of enhancements) {
		rows.push({ id, width, height, bitrate: base.bitrate + bandwidth, codec });
	}
	return rows;
}

/** Puts rows into a track of the element, as media-chrome's menus expect them. */
export function addRenditions(
	track: VideoTrack,
	rows: readonly RenditionRow[],
	frameRate: number,
): readonly VideoRendition[] {
	return rows.map(({ id, width, height, bitrate, codec }) => {
		const rendition = track.addRendition(id, width, height, codec, bitrate, frameRate);
		rendition.id = id;
		return rendition;
	});
}
