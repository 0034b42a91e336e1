/**
 * Takes pictures at a rate and lets the others go, evenly. A picture that comes a little early is taken: cameras are not
 * punctual, and a rate just below the source's would otherwise drop every second picture.
 */
export class Pacer {
	#due: number | undefined;

	/**
	 * @param timestamp microseconds, going forward. @param framesPerSecond from now on; undefined takes everything.
	 * @returns whether the picture is taken.
	 */
	take(timestamp: number, framesPerSecond: number | undefined): boolean {
		const interval = framesPerSecond === undefined ? 0 : 1_000_000 / framesPerSecond;
		if (this.#due !== undefined && interval > 0 && timestamp < this.#due - interval / 4) {
			return false;
		}
		// The plan goes on from where a picture was due; after a gap from where it came.
		this.#due = Math.max((this.#due ?? timestamp) + interval, timestamp + interval / 2);
		return true;
	}
}
