import { UploadError } from "../errors.ts";
import type { Feed } from "../feed/feed.ts";
import type { ResolvedOptions } from "../options.ts";
import type { UploadResult } from "../result.ts";
import { ABORT_PATIENCE } from "./host.ts";
import type { SessionHost } from "./host.ts";
import type { UploadSession } from "./session.ts";

/** A session on the calling thread. All of its code is loaded only here: pages that leave the work to a worker do without. */
export class LocalSession {
	readonly #make: () => Promise<UploadSession>;
	readonly #signal: AbortSignal;
	#session: UploadSession | undefined;
	#paused = false;

	constructor(source: Blob | string | Feed, options: ResolvedOptions, host: SessionHost, signal: AbortSignal) {
		this.#signal = signal;
		this.#make = async () => {
			const { UploadSession } = await import("./session.ts");
			return new UploadSession(source, options, host, signal);
		};
	}

	pause(): void {
		this.#paused = true;
		this.#session?.pause();
	}

	resume(): void {
		this.#paused = false;
		this.#session?.resume();
	}

	/** @throws {UploadError} what ended the session. */
	async run(): Promise<UploadResult> {
		this.#session = await this.#make();
		if (this.#paused) {
			this.#session.pause();
		}
		const late = Promise.withResolvers<never>();
		let patience: ReturnType<typeof setTimeout> | undefined;
		const abort = () => {
			const error = new UploadError("aborted", "The upload was aborted.");
			patience = setTimeout(() => late.reject(error), ABORT_PATIENCE);
		};
		this.#signal.addEventListener("abort", abort, { once: true });
		if (this.#signal.aborted) {
			abort();
		}
		try {
			return await Promise.race([this.#session.run(), late.promise]);
		} finally {
			clearTimeout(patience);
			this.#signal.removeEventListener("abort", abort);
		}
	}
}
