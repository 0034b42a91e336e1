import type { Io } from "./command.ts";

/** How often a line is written, in milliseconds: to a terminal, to anything else. */
const INTERVALS = { terminal: 250, file: 5000 } as const;

/** Frames done, frames a second and seconds left on standard error. */
export class Progress {
	readonly #io: Io;
	readonly #total: number | undefined;
	readonly #started = performance.now();
	readonly #quiet: boolean;
	#shown = performance.now();
	#frames = 0;

	/** @param total frames to come, where it is known. */
	constructor(io: Io, { total, quiet }: { readonly total: number | undefined; readonly quiet: boolean }) {
		this.#io = io;
		this.#total = total;
		this.#quiet = quiet;
	}

	/** One frame more; `detail` is what else is worth knowing, and asked for only when shown. */
	frame(detail: () => string = () => ""): void {
		this.#frames++;
		const now = performance.now();
		if (this.#quiet || now - this.#shown < INTERVALS[this.#io.interactive ? "terminal" : "file"]) return;
		this.#shown = now;
		this.#write(`${this.#line(now)}${detail()}`);
	}

	/** The last line; nothing more is shown. */
	end(detail = ""): void {
		if (!this.#quiet) this.#write(`${this.#line(performance.now())}${detail}`, "\n");
	}

	/** Frames so far. */
	get frames(): number {
		return this.#frames;
	}

	/** Frames a second so far. */
	get framesPerSecond(): number {
		return this.#frames / Math.max((performance.now() - this.#started) / 1000, 1e-6);
	}

	#line(now: number): string {
		const seconds = Math.max((now - this.#started) / 1000, 1e-6);
		const rate = this.#frames / seconds;
		const left =
			this.#total === undefined ? undefined : Math.max(this.#total - this.#frames, 0) / Math.max(rate, 1e-6);
		const total = this.#total === undefined ? "" : ` of ${this.#total}`;
		const rest = left === undefined || left === 0 ? "" : `, ${Math.ceil(left)} s left`;
		return `${this.#frames}${total} frames, ${rate.toFixed(1)} fps${rest}`;
	}

	#write(line: string, end = this.#io.interactive ? "" : "\n"): void {
		// To a terminal: back to the start of the line, and clear what was longer.
		this.#io.stderr(this.#io.interactive ? `\r${line}\u001b[K${end}` : `${line}${end}`);
	}
}
