import type { SampleHead } from "./segmenter.ts";

/** Heads that are kept in memory, of all parts of an asset together: some 3 MB where all are used, and a minute of six tracks. */
const MOST_HEADS = 20_000;

/** The heads of the parts that were asked for last. What is asked for again and again is what the next segments are cut from. */
export class WaitingHeads {
	/** By track and number; the one asked for last stands at the end. */
	readonly #kept = new Map<string, readonly SampleHead[]>();
	#count = 0;

	/** The heads of a part, read if they are not here. */
	get(track: string, number: number, read: () => readonly SampleHead[]): readonly SampleHead[] {
		const key = `${track}/${number}`;
		const kept = this.#kept.get(key);
		const heads = kept ?? read();
		if (kept === undefined) this.#count += heads.length;
		this.#kept.delete(key);
		this.#kept.set(key, heads);
		for (const [oldest, { length }] of this.#kept) {
			if (this.#count <= MOST_HEADS || oldest === key) break;
			this.#kept.delete(oldest);
			this.#count -= length;
		}
		return heads;
	}
}
