/**
 * Work that takes turns. A runtime on WebAssembly is one instance per thread whose stack two overlapping calls would
 * corrupt, whichever sessions they are for; so all calls into it go through one of these.
 */
export class Turns {
	private last: Promise<unknown> = Promise.resolve();

	/** Starts `work` when everything before it is done, whether that went well or not. */
	take<T>(work: () => Promise<T>): Promise<T> {
		const result = this.last.then(work);
		this.last = result.catch(() => undefined);
		return result;
	}
}
