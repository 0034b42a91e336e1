import { BANDWIDTH_SHARE, FEWEST_SHARE } from "./start.ts";

/** What the choice needs to know of one enhancement. */
export type EnhancementOption = {
	readonly id: string;
	/** Bits a second. */
	readonly bitrate: number;
	/** Luma samples a second: size times rate. */
	readonly samplesPerSecond: number;
};

/** What the choice is made from. */
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

/**
 * What lies ahead may be spent on more than the network carries in the long run: from so many seconds on, on a bitrate of so many
 * times what is to spare; then until so few seconds are left, or the network falls further.
 */
const SPEND_FROM = { ahead: 24, factor: 2.2 };
const SPEND_TO = { ahead: 6, factor: 3 };

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
	const current = ascending.find((option) => option.id === o.current);
	let best: string | undefined;
	let limit: "bandwidth-too-low" | "decoding-too-slow" | undefined;
	for (const option of candidates) {
		const upward = current !== undefined && option.bitrate > current.bitrate;
		const margin = upward && o.ahead < PROVED_AHEAD ? UPWARD_MARGIN : 1;
		const decodable =
			o.decodeSpeed === undefined ||
			o.decodeSpeed >= option.samplesPerSecond * o.playbackRate * SPEED_MARGIN * margin;
		const deliverable = isDeliverable(o, option, { margin, cheapest: option === ascending[0] });
		if (o.forced || (decodable && (deliverable || chosen !== undefined))) {
			best = option.id;
		} else {
			limit ??= decodable ? "bandwidth-too-low" : "decoding-too-slow";
		}
	}
	return { id: best, limit: best === undefined ? limit : undefined };
}

/** Says whether the network carries an enhancement: always, for a while, or, the cheapest one, for some of the time. */
function isDeliverable(
	o: ChoiceObservation,
	option: EnhancementOption,
	{ margin, cheapest }: { readonly margin: number; readonly cheapest: boolean },
): boolean {
	if (o.bandwidth === undefined) return true;
	const spare = o.bandwidth * BANDWIDTH_SHARE - o.baseBitrate * o.playbackRate;
	const needed = option.bitrate * o.playbackRate;
	if (spare >= needed * margin || (cheapest && spare >= needed * FEWEST_SHARE)) return true;
	const { ahead, factor } = option.id === o.current ? SPEND_TO : SPEND_FROM;
	return o.ahead >= ahead && spare * factor >= needed;
}
