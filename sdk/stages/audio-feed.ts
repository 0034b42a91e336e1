import type { Sample } from "../../codec/sample.ts";

/** Sound, taken in step with the pictures: never further ahead than it is asked for. */
export class AudioFeed {
	readonly #samples: AsyncGenerator<Sample, void, undefined>;
	#held: Sample | undefined;
	#ended = false;

	constructor(samples: AsyncGenerator<Sample, void, undefined>) {
		this.#samples = samples;
	}

	/** Samples that begin before `end`, microseconds. */
	async *until(end: number): AsyncGenerator<Sample, void, undefined> {
		for (let sample = await this.#take(); sample !== undefined; sample = await this.#take()) {
			if (sample.timestamp >= end) {
				this.#held = sample;
				return;
			}
			yield sample;
		}
	}

	/** The next sample, or undefined at the end. */
	async next(): Promise<Sample | undefined> {
		return this.#take();
	}

	async close(): Promise<void> {
		this.#ended = true;
		await this.#samples.return();
	}

	async #take(): Promise<Sample | undefined> {
		const held = this.#held;
		this.#held = undefined;
		if (held !== undefined || this.#ended) {
			return held;
		}
		const { value, done } = await this.#samples.next();
		this.#ended = done === true;
		return value ?? undefined;
	}
}
