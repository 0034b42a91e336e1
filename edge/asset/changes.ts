/** Lets many wait for what one does. */
export class Changes {
	#next = Promise.withResolvers<void>();

	/** Something may have changed: all who wait look again. */
	announce(): void {
		this.#next.resolve();
		this.#next = Promise.withResolvers<void>();
	}

	/** Waits until it is so, however many changes that takes, or so many milliseconds have passed. Answers whether it is so. */
	async until(isSo: () => boolean, milliseconds: number): Promise<boolean> {
		if (isSo()) return true;
		const late = Promise.withResolvers<"late">();
		const timer = setTimeout(() => late.resolve("late"), milliseconds);
		try {
			for (;;) {
				const what = await Promise.race([this.#next.promise, late.promise]);
				if (isSo()) return true;
				if (what === "late") return false;
			}
		} finally {
			clearTimeout(timer);
		}
	}
}
