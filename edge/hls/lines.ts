/** Lines that are put together before there are more. */
const AT_ONCE = 1000;

/** A text of lines of which there may be a hundred thousand: kept as a string each, they would take several times as much memory. */
export class Lines {
	#text = "";
	#latest: string[] = [];

	/** Adds lines at the end. */
	push(...lines: readonly string[]): void {
		this.#latest.push(...lines);
		if (this.#latest.length > AT_ONCE) this.#join();
	}

	/** All lines, each with its line feed. */
	toString(): string {
		this.#join();
		return this.#text;
	}

	#join(): void {
		if (this.#latest.length > 0) this.#text += `${this.#latest.join("\n")}\n`;
		this.#latest = [];
	}
}
