/**
 * Says before which picture a part of a live source must end, so that none lasts longer than it should: viewers get parts before their
 * segment is whole (low-latency HLS).
 */
export class PartClock {
	readonly #longest: number | undefined;
	#start: number | undefined;

	/** @param longest microseconds; undefined where a part is a whole group of pictures. */
	constructor(longest: number | undefined) {
		this.#longest = longest;
	}

	/**
	 * Asked for every picture, in order.
	 * @param first it begins a group, and a part in any case. @returns whether the part before it must be closed for its length.
	 */
	isOver({ first, timestamp, duration }: Tick): boolean {
		if (first || this.#start === undefined) {
			this.#start = timestamp;
			return false;
		}
		if (this.#longest === undefined || timestamp + duration - this.#start <= this.#longest) {
			return false;
		}
		this.#start = timestamp;
		return true;
	}
}

/** A picture's place; microseconds. */
type Tick = { readonly first: boolean; readonly timestamp: number; readonly duration: number };
