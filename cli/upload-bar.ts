import type { Io } from "./command.ts";

/** How often a line is written, in milliseconds: to a terminal, to anything else. */
const INTERVALS = { terminal: 200, file: 5000 } as const;

const WIDTH = 24;

/** A bar, megabytes, speed and seconds left on standard error. */
export class UploadBar {
	readonly #io: Io;
	readonly #total: number;
	readonly #quiet: boolean;
	readonly #started = performance.now();
	#shown = performance.now();
	#done = 0;
	#sent = 0;

	/** @param total bytes of the file. */
	constructor(io: Io, { total, quiet }: { readonly total: number; readonly quiet: boolean }) {
		this.#io = io;
		this.#total = total;
		this.#quiet = quiet;
	}

	/** Bytes that were sent. */
	get sent(): number {
		return this.#sent;
	}

	/** A part is at the edge. @param sent false where it was there before. */
	add(bytes: number, sent: boolean): void {
		this.#done += bytes;
		this.#sent += sent ? bytes : 0;
		const now = performance.now();
		if (now - this.#shown >= INTERVALS[this.#io.interactive ? "terminal" : "file"]) {
			this.#shown = now;
			this.#write(now);
		}
	}

	/** The last line; nothing more is shown. */
	end(): void {
		this.#done = this.#total;
		this.#write(performance.now(), "\n");
	}

	#write(now: number, end = this.#io.interactive ? "" : "\n"): void {
		if (this.#quiet) return;
		const share = Math.min(1, this.#done / Math.max(1, this.#total));
		const seconds = Math.max((now - this.#started) / 1000, 1e-6);
		const speed = this.#sent / seconds;
		const left = Math.ceil((this.#total - this.#done) / Math.max(1, speed));
		const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
		const bar = `[${"#".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "-")}]`;
		const rest = left > 0 && this.#sent > 0 ? `, ${left} s left` : "";
		const line = `${bar} ${Math.floor(100 * share)} %, ${megabytes(this.#done)} of ${megabytes(this.#total)} MB, ${megabytes(speed)} MB/s${rest}`;
		this.#io.stderr(this.#io.interactive ? `\r${line}\u001b[K${end}` : `${line}${end}`);
	}
}
