import { BANDWIDTH_SHARE } from "./start.ts";

/** What the choice needs to know of one enhancement. */
export type EnhancementOption = {
	readonly id: string;
	/** Bits a second. */
	readonly bitrate: number;
	/** Luma samples a second: size times rate. */
	readonly samplesPerSecond: number;
};

export type ChoiceObservation = {
	readonly options: readonly EnhancementOption[];
	/** The viewer's choice in the quality menu; undefined: automatic. */
	readonly chosen: string | undefined;
	/** The enhancement in use; undefined: none. */
	readonly current: string | undefined;
	/** Bits a second of network; undefined: not known. */
	readonly bandwidth: number | undefined;
	readonly baseBitrate: number;
	/** Luma samples a second that this device decodes, measured; undefined: not known. */
	readonly decodeSpeed: number | undefined;
	readonly playbackRate: number;
	/** Seconds of enhancement ahead of the playhead. */
	readonly ahead: number;
	/** `force`: speed and bandwidth do not matter. */
	readonly forced: boolean;
};

/** Going up needs this much more bandwidth and speed than staying: a choice at the border must not flutter. */
export const UPWARD_MARGIN = 1.25;

/** With this many seconds ahead the network has proved itself, and no margin is asked for. */
const PROVED_AHEAD = 8;

/** Decoding has to be this much faster than playing, or any hiccup shows. */
export const SPEED_MARGIN = 1.1;

/**
 * The enhancement to play from the next segment on: the viewer's own choice where the device can decode it, else the
 * most expensive one that network and device carry, with hysteresis. Undefined: none fits, and `limit` says why.
 */
export function chooseEnhancement(o: ChoiceObservation): {
	readonly id: string | undefined;
	readonly limit: "bandwidth-too-low" | "decoding-too-slow" | undefined;
} {
	const ascending = [...o.options].sort((a, b) => a.bitrate - b.bitrate);
	const chosen = ascending.find((option) => option.id === o.chosen);
	const candidates = chosen ? [chosen] : ascending;
	const currentBitrate = ascending.find((option) => option.id === o.current)?.bitrate ?? -1;
	let best: string | undefined;
	let limit: "bandwidth-too-low" | "decoding-too-slow" | undefined;
	for (const option of candidates) {
		const upward = option.bitrate > currentBitrate && o.current !== undefined;
		const margin = upward && o.ahead < PROVED_AHEAD ? UPWARD_MARGIN : 1;
		const decodable =
			o.decodeSpeed === undefined ||
			o.decodeSpeed >= option.samplesPerSecond * o.playbackRate * SPEED_MARGIN * margin;
		const deliverable =
			o.bandwidth === undefined ||
			o.bandwidth * BANDWIDTH_SHARE >= (o.baseBitrate + option.bitrate * margin) * o.playbackRate;
		if (o.forced || (decodable && (deliverable || chosen !== undefined))) {
			best = option.id;
		} else {
			limit ??= decodable ? "bandwidth-too-low" : "decoding-too-slow";
		}
	}
	return { id: best, limit: best === undefined ? limit : undefined };
}
