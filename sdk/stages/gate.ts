/** A door that work passes one by one; closed, it holds everybody back until it opens or `signal` aborts. */
export class Gate {
	#open = true;
	#waiting: (() => void)[] = [];

	get isOpen(): boolean {
		return this.#open;
	}

	close(): void {
		this.#open = false;
	}

	open(): void {
		this.#open = true;
		for (const pass of this.#waiting.splice(0)) {
			pass();
		}
	}

	/** Resolves at once while the gate is open. @throws the signal's reason once it aborts. */
	async passed(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		while (!this.#open) {
			await new Promise<void>((resolve, reject) => {
				const abort = () => reject(signal.reason);
				signal.addEventListener("abort", abort, { once: true });
				this.#waiting.push(() => {
					signal.removeEventListener("abort", abort);
					resolve();
				});
			});
			signal.throwIfAborted();
		}
	}
}
