/**
 * Takes pictures at a rate and lets the others go, evenly. A picture that comes a little early is taken: cameras are not
 * punctual, and a rate just below the source's would otherwise drop every second picture.
 */
export class Pacer {
	readonly #interval: number;
	#due: number | undefined;

	/** @param framesPerSecond undefined takes everything. */
	constructor(framesPerSecond: number | undefined) {
		this.#interval = framesPerSecond === undefined ? 0 : 1_000_000 / framesPerSecond;
	}

	/** @param timestamp microseconds, going forward. @returns whether the picture is taken. */
	take(timestamp: number): boolean {
		if (this.#due !== undefined && timestamp < this.#due - this.#interval / 4) {
			return false;
		}
		// The plan goes on from where a picture was due; after a gap from where it came.
		this.#due = Math.max((this.#due ?? timestamp) + this.#interval, timestamp + this.#interval / 2);
		return true;
	}
}
