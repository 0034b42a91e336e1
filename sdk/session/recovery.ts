import { MOST_LOSSES } from "../lost-device.ts";
import type { Job, Layer } from "./job.ts";

/** What came of it: encoders that go on, or why there are none. */
export type Recovered = { readonly layers: readonly Layer[] } | { readonly why: string };

/** Where the enhancement broke off, microseconds of video, and why. */
export type Loss = { readonly at: number; readonly why: string };

/** Milliseconds that all of it may take. A software adapter can take minutes, and a GPU whose driver died may never answer. */
const PATIENCE = 300_000;

/** What a {@link Recovery} needs of a job. */
export type Reopening = Pick<Job, "reopen" | "openLayers">;

/** Opens once more what a lost GPU took along, beside everything else: what is filmed meanwhile goes on as base alone. */
export class Recovery {
	readonly loss: Loss;
	/** Resolved when it is over, at once where it is given up; never rejected. */
	readonly over: Promise<Recovered>;
	readonly #stop = new AbortController();
	#outcome: Recovered | undefined;

	/** @param count losses so far, this one among them. @param limit aborts when it has taken too long; a test brings its own. */
	constructor(
		job: Reopening,
		loss: Loss,
		count: number,
		signal: AbortSignal,
		limit: AbortSignal = AbortSignal.timeout(PATIENCE),
	) {
		this.loss = loss;
		this.over = this.#recover(job, count, AbortSignal.any([signal, this.#stop.signal, limit]));
	}

	/** What came of it, once that is known. */
	get outcome(): Recovered | undefined {
		return this.#outcome;
	}

	/** Gives it up. Encoders that nobody took are let go. */
	async close(): Promise<void> {
		this.#stop.abort();
		await letGo(await this.over);
	}

	async #recover(job: Reopening, count: number, signal: AbortSignal): Promise<Recovered> {
		this.#outcome = await openInTime(job, count, signal);
		return this.#outcome;
	}
}

/** Waits no longer than the signal allows: a GPU that hangs answers nothing, and cannot be stopped. */
const openInTime = async (job: Reopening, count: number, signal: AbortSignal): Promise<Recovered> => {
	const late: Recovered = { why: "it did not answer in time." };
	if (signal.aborted) {
		return late;
	}
	const aborted = Promise.withResolvers<Recovered>();
	signal.addEventListener("abort", () => aborted.resolve(late), { once: true });
	const opening = open(job, count, signal);
	const outcome = await Promise.race([opening, aborted.promise]);
	if (outcome === late) {
		// Nobody waits for what comes later, nor for how it ends.
		opening.then(letGo).catch(() => undefined);
	}
	return outcome;
};

const open = async (job: Reopening, count: number, signal: AbortSignal): Promise<Recovered> => {
	if (count > MOST_LOSSES) {
		return { why: "it is lost again and again." };
	}
	try {
		const missing = await job.reopen(signal);
		// Beyond this, the upload may be over, and what it computed on closed.
		signal.throwIfAborted();
		return missing === undefined ? { layers: await job.openLayers() } : { why: missing };
	} catch (error) {
		// Whatever it is, a recording that ends with an error is worse than one that goes on without its enhancement.
		return { why: error instanceof Error ? error.message : String(error) };
	}
};

const letGo = async (outcome: Recovered): Promise<void> => {
	for (const { encoder } of "layers" in outcome ? outcome.layers : []) {
		await encoder.dispose();
	}
};
