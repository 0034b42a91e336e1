/** What a simulated viewer saw. */
export type SimulationResult = {
	/** Seconds to the first picture, and seconds stalled after it. */
	readonly startDelay: number;
	readonly stalled: number;
	/** Share of the video that was not shown as the lowest layer or level alone. */
	readonly enhancedShare: number;
	/** Mean over the video. */
	readonly quality: number;
	/** Changes of what is shown. */
	readonly switches: number;
	readonly bytes: number;
};

/** The playhead, and the account of what is shown at it. */
export class SimulatedViewer {
	readonly #seconds: number;
	#position = 0;
	#started: number | undefined;
	#stalled = 0;
	#enhanced = 0;
	#quality = 0;
	#shown: number | undefined;
	#switches = 0;

	/** @param seconds length of the video */
	constructor(seconds: number) {
		this.#seconds = seconds;
	}

	/** Seconds on the media timeline. */
	get position(): number {
		return this.#position;
	}

	get began(): boolean {
		return this.#started !== undefined;
	}

	get ended(): boolean {
		return this.#position >= this.#seconds - 1e-9;
	}

	/**
	 * Plays on for `step` seconds as far as the buffer reaches.
	 *
	 * @param end seconds up to which there is something to show. @param shown what is: its rank (0: lowest) and its quality
	 */
	play(now: number, step: number, end: number, shown: { readonly rank: number; readonly quality: number }): void {
		const until = Math.min(end, this.#seconds);
		if (this.#position >= until - 1e-9) {
			if (this.#started !== undefined) this.#stalled += step;
			return;
		}
		this.#started ??= now;
		if (this.#shown !== undefined && shown.rank !== this.#shown) this.#switches++;
		this.#shown = shown.rank;
		const length = Math.min(step, until - this.#position);
		if (shown.rank > 0) this.#enhanced += length;
		this.#quality += length * shown.quality;
		this.#position += length;
	}

	result(bytes: number): SimulationResult {
		const played = Math.max(this.#position, 1e-9);
		return {
			startDelay: this.#started ?? Number.POSITIVE_INFINITY,
			stalled: this.#stalled,
			enhancedShare: this.#enhanced / played,
			quality: this.#quality / played,
			switches: this.#switches,
			bytes: Math.round(bytes),
		};
	}
}
