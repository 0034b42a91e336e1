import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { CodecError } from "../errors.ts";

/** How much of a tool's messages is kept for the error. */
const MESSAGE_BYTES = 4096;

/** Children that still run: killed when this process ends, however it ends. */
const running = new Set<ChildProcessByStdio<Writable, Readable, Readable>>();
let killsAtExit = false;

/** Options of `FfmpegProcess`. */
export type FfmpegOptions = {
	/** Kills the process; reading and writing then throw `aborted`. */
	readonly signal?: AbortSignal | undefined;
	/** Which of the two tools. */
	readonly tool?: "ffmpeg" | "ffprobe";
};

/** An ffmpeg (or ffprobe) found on PATH: bytes into its standard input, bytes out of its standard output. Node only. */
export class FfmpegProcess {
	readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
	readonly #tool: string;
	readonly #signal: AbortSignal | undefined;
	readonly #exit: Promise<CodecError | undefined>;
	#messages = "";
	#closed = false;
	#killedBy: NodeJS.Signals | undefined;

	constructor(args: readonly string[], { signal, tool = "ffmpeg" }: FfmpegOptions = {}) {
		const quiet = tool === "ffmpeg" ? ["-hide_banner", "-nostdin", "-loglevel", "error"] : ["-loglevel", "error"];
		const child = spawn(tool, [...quiet, ...args], { stdio: ["pipe", "pipe", "pipe"] });
		this.#child = child;
		this.#tool = tool;
		this.#signal = signal;
		if (!killsAtExit) process.once("exit", () => running.forEach((other) => other.kill("SIGKILL")));
		killsAtExit = true;
		running.add(child);
		child.stderr.setEncoding("utf8");
		child.stderr.on("data", (text: string) => (this.#messages = (this.#messages + text).slice(-MESSAGE_BYTES)));
		// A tool that ends early closes its input: writing reports that, the exit status says why.
		child.stdin.on("error", () => undefined);
		const abort = () => child.kill("SIGKILL");
		signal?.addEventListener("abort", abort, { once: true });
		if (signal?.aborted === true) abort();
		// Not the event "close": that waits for somebody to read the output to its end.
		const spoken = new Promise((resolve) => child.stderr.once("close", resolve));
		this.#exit = new Promise((resolve) => {
			child.once("error", (error) => resolve(this.#notStarted(error)));
			child.once("exit", (status, signal) => {
				if (signal !== null && !this.#closed) this.#killedBy = signal;
				void spoken.then(() => resolve(this.#ended(status)));
			});
		});
		void this.#exit.then(() => {
			running.delete(child);
			signal?.removeEventListener("abort", abort);
		});
	}

	/** Whether the tool came to its end by a signal of somebody else, for want of memory for example: its input is not to blame. */
	get killed(): boolean {
		return this.#killedBy !== undefined;
	}

	/** Writes to standard input; resolves when the tool takes more. @throws CodecError where the tool has ended. */
	async write(bytes: Uint8Array): Promise<void> {
		const failed = await new Promise<boolean>((resolve) => {
			this.#child.stdin.write(bytes, (error) => resolve(error !== null && error !== undefined));
		});
		if (failed) {
			const error = await this.#exit;
			throw error ?? new CodecError("backend-failed", `${this.#tool} stopped reading its input.`);
		}
	}

	/** Ends standard input. */
	end(): void {
		this.#child.stdin.end();
	}

	/** Standard output, for one reader. @throws CodecError at its end where the tool failed. */
	async *output(): AsyncGenerator<Uint8Array, void, undefined> {
		try {
			yield* this.#child.stdout as AsyncIterable<Uint8Array>;
			const error = await this.#exit;
			if (error !== undefined) throw error;
		} catch (error) {
			// Closing destroys the stream under its reader; why it was closed says more than that.
			const reason = await this.#exit;
			throw (
				reason ??
				(this.#closed ? new CodecError("aborted", `${this.#tool} was stopped.`, { cause: error }) : error)
			);
		} finally {
			await this.close();
		}
	}

	/** Kills the tool if it still runs, and waits for its end. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#child.kill("SIGKILL");
		this.#child.stdout.destroy();
		await this.#exit;
	}

	#notStarted(error: Error): CodecError {
		return new CodecError("backend-unavailable", `${this.#tool} could not be started.`, {
			hint: `Install ffmpeg 5.1 or newer, so that "${this.#tool}" is found on PATH.`,
			cause: error,
		});
	}

	#ended(status: number | null): CodecError | undefined {
		if (this.#signal?.aborted === true) return new CodecError("aborted", `${this.#tool} was stopped.`);
		if (status === 0 || this.#closed) return undefined;
		const lines = this.#messages.trim().split("\n");
		if (this.#killedBy !== undefined) {
			return new CodecError("backend-failed", `${this.#tool} was killed (${this.#killedBy}).`, {
				hint: "The machine may be short of memory.",
			});
		}
		const message = lines.at(-1) ?? "";
		return new CodecError(
			"backend-failed",
			`${this.#tool} failed: ${message === "" ? `status ${status}` : message}`,
		);
	}
}

/** All of standard output as text, at most `limit` characters. */
export const runForText = async (args: readonly string[], options: FfmpegOptions, limit = 1 << 20): Promise<string> => {
	const child = new FfmpegProcess(args, options);
	child.end();
	const decoder = new TextDecoder();
	let text = "";
	for await (const chunk of child.output()) {
		text += decoder.decode(chunk, { stream: true });
		if (text.length > limit) throw new CodecError("backend-failed", "The tool's answer is too long.");
	}
	return text;
};
