/** Lines that are put together before there are more. */
const AT_ONCE = 1000;

/** A text of lines of which there may be a hundred thousand: kept as a string each, they would take several times as much memory. */
export class Lines {
	#text = "";
	#latest: string[] = [];

	/** Adds lines at the end. */
	push(...lines: readonly string[]): void {
		this.#latest.push(...lines);
		if (this.#latest.length < AT_ONCE) return;
		this.#text += textOf(this.#latest);
		this.#latest = [];
	}

	/** All lines, each with its line feed. */
	toString(): string {
		return this.#text + textOf(this.#latest);
	}
}

const textOf = (lines: readonly string[]): string => (lines.length === 0 ? "" : `${lines.join("\n")}\n`);
