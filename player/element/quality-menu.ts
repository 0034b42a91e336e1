import { MediaRenditionMenu } from "media-chrome/menu/media-rendition-menu";
import { formatBitrate } from "../statistics/rows.ts";
import { LOW_RENDITION } from "./renditions.ts";
import { wordsFor } from "./words.ts";

type Rendition = MediaRenditionMenu["mediaRenditionList"][number];

/** Bits a second of each rendition, by id: media-chrome's attributes carry size and id only. */
export type Bitrates = ReadonlyMap<string, number>;

/** The quality menu: auto (with what is shown now), low, each enhancement with its size and bitrate. */
export class CrescendoQualityMenu extends MediaRenditionMenu {
	#bitrates: Bitrates = new Map();
	/** BCP 47: the player's. */
	language: string | undefined;

	/** Set when a source's renditions are known. */
	set bitrates(bitrates: Bitrates) {
		this.#bitrates = bitrates;
	}

	override formatRendition(rendition: Rendition): string {
		const words = wordsFor(this.language);
		const id = String(rendition.id);
		const lines = `${Math.min(rendition.width ?? 0, rendition.height ?? 0)}p`;
		const name = id === LOW_RENDITION ? words.low : words.enhanced;
		const bitrate = this.#bitrates.get(id);
		return bitrate === undefined ? `${name} ${lines}` : `${name} ${lines} · ${formatBitrate(bitrate)}`;
	}

	override compareRendition(a: Rendition, b: Rendition): number {
		return (
			(this.#bitrates.get(String(b.id)) ?? 0) - (this.#bitrates.get(String(a.id)) ?? 0) ||
			super.compareRendition(a, b)
		);
	}
}
