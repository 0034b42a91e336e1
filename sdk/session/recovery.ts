import type { Job, Layer } from "./job.ts";

/** What came of it: encoders that go on, or why there are none. */
export type Recovered = { readonly layers: readonly Layer[] } | { readonly why: string };

/** Where the enhancement broke off, microseconds of video, and why. */
export type Loss = { readonly at: number; readonly why: string };

/** How often a device may be lost: one that is lost again and again will not come back. */
export const MOST_LOSSES = 3;

/** Opens once more what a lost GPU took along, beside everything else: what is filmed meanwhile goes on as base alone. */
export class Recovery {
	readonly loss: Loss;
	/** Resolved when it is over; never rejected. */
	readonly over: Promise<Recovered>;
	readonly #stop = new AbortController();
	#outcome: Recovered | undefined;

	/** @param count losses so far, this one among them. */
	constructor(job: Job, loss: Loss, count: number, signal: AbortSignal) {
		this.loss = loss;
		this.over = this.#recover(job, count, AbortSignal.any([signal, this.#stop.signal]));
	}

	/** What came of it, once that is known. */
	get outcome(): Recovered | undefined {
		return this.#outcome;
	}

	/** Gives it up. Encoders that nobody took are let go. */
	async close(): Promise<void> {
		this.#stop.abort();
		const outcome = await this.over;
		for (const { encoder } of "layers" in outcome ? outcome.layers : []) {
			await encoder.dispose();
		}
	}

	async #recover(job: Job, count: number, signal: AbortSignal): Promise<Recovered> {
		this.#outcome = await open(job, count, signal);
		return this.#outcome;
	}
}

const open = async (job: Job, count: number, signal: AbortSignal): Promise<Recovered> => {
	if (count > MOST_LOSSES) {
		return { why: "it is lost again and again." };
	}
	try {
		const missing = await job.reopen(signal);
		return missing === undefined ? { layers: await job.openLayers() } : { why: missing };
	} catch (error) {
		// Whatever it is, a recording that ends with an error is worse than one that goes on without its enhancement.
		return { why: error instanceof Error ? error.message : String(error) };
	}
};
