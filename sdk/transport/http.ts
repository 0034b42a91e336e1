import { parseErrorBody } from "../../protocol/error.ts";
import type { ErrorBody } from "../../protocol/error.ts";
import { UploadError } from "../errors.ts";
import { judge, parseRetryAfter, PATIENT, retryDelay } from "./retry.ts";
import type { RetryPolicy } from "./retry.ts";

/** Everything outside that the client needs; a test brings its own. */
export type HttpEnvironment = {
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
	/** Resolves after so many milliseconds, at once when the network comes back, and rejects when `signal` aborts. */
	readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
	/** Calls `expire` after so many milliseconds, unless what it gives back is called before. */
	readonly timer: (milliseconds: number, expire: () => void) => () => void;
	readonly random: () => number;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	/** False while the device knows that it has no network. */
	readonly online: () => boolean;
};

/** The browser's or Node's own. */
export const systemEnvironment: HttpEnvironment = {
	fetch: (url, init) => fetch(url, init),
	sleep: (milliseconds, signal) =>
		new Promise((resolve, reject) => {
			const finish = (settle: () => void) => {
				clearTimeout(timer);
				signal.removeEventListener("abort", abort);
				globalThis.removeEventListener?.("online", wake);
				settle();
			};
			const abort = () => finish(() => reject(signal.reason));
			const wake = () => finish(resolve);
			const timer = setTimeout(wake, milliseconds);
			signal.addEventListener("abort", abort, { once: true });
			globalThis.addEventListener?.("online", wake);
			if (signal.aborted) {
				abort();
			}
		}),
	timer: (milliseconds, expire) => {
		const timer = setTimeout(expire, milliseconds);
		return () => clearTimeout(timer);
	},
	random: Math.random,
	now: Date.now,
	// Node's navigator does not say.
	online: () => globalThis.navigator?.onLine !== false,
};

export type HttpRequest = {
	readonly method: "GET" | "POST" | "PUT" | "DELETE";
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Uint8Array<ArrayBuffer>;
	readonly signal: AbortSignal;
	readonly policy?: RetryPolicy;
	/** Statuses of the range 400 to 499 that the caller understands and wants as an answer. */
	readonly accept?: readonly number[];
};

export type HttpAnswer = { readonly status: number; readonly body: unknown };

/** Tokens that one request may use up: a long silence may outlive more than one. */
const MOST_TOKENS = 16;

/** The slowest line that a body may be sent over, bytes a millisecond: its request has so much longer. */
const SLOWEST_LINE = 16;

/**
 * JSON over HTTP with a token: repeats what may pass, renews the token on 401, and turns every refusal into an
 * `UploadError` with the edge's own code.
 */
export class HttpClient {
	readonly #environment: HttpEnvironment;
	readonly #freshToken: () => Promise<string>;
	/** Called with true while there is no answer, with false when one has come. */
	readonly #onSilence: (silent: boolean) => void;
	#token: Promise<string> | undefined;

	/** @param freshToken asked once at the start and after each 401. */
	constructor(
		freshToken: () => Promise<string>,
		onSilence: (silent: boolean) => void = () => {},
		environment: HttpEnvironment = systemEnvironment,
	) {
		this.#freshToken = freshToken;
		this.#onSilence = onSilence;
		this.#environment = environment;
	}

	/** The next request asks for another token: the asset that the last one was for is given up. */
	forgetToken(): void {
		this.#token = undefined;
	}

	/**
	 * Sends a request until it is answered, within the limits of its policy. One without an answer is given up at its deadline and sent
	 * again; what it waited counts as silence. A token that is refused is replaced by a new one; a new one that is refused at once is
	 * believed.
	 * @throws {UploadError} `unauthorized`, `rejected`, `network-failed`, `aborted`
	 */
	async request(request: HttpRequest): Promise<HttpAnswer> {
		const policy = request.policy ?? PATIENT;
		const { now, random, sleep, online } = this.#environment;
		let badAnswers = 0;
		let attempt = 0;
		let silentSince: number | undefined;
		let tokens = 1;
		/** The token of the next attempt has not been tried yet. */
		let fresh = false;
		const again = async (retryAfter?: number) => {
			attempt += 1;
			await sleep(retryDelay(policy, attempt, random(), retryAfter), request.signal);
		};
		for (;;) {
			request.signal.throwIfAborted();
			const asked = (this.#token ??= this.#freshToken());
			let sentAt = now();
			const outcome = await unlessAborted(asked, request.signal).then(
				(token) => {
					sentAt = now();
					return this.#attempt(request, policy, token);
				},
				(cause: unknown) => {
					request.signal.throwIfAborted();
					// Requests side by side wait for the same token: only the first to fail gives it up.
					if (this.#token === asked) {
						this.#token = undefined;
					}
					return new UploadError("unauthorized", "options.token could not provide a token.", { cause });
				},
			);
			request.signal.throwIfAborted();
			if (outcome instanceof UploadError && online()) {
				// The page's server may be as unwell as an edge may be.
				badAnswers += 1;
				if (badAnswers >= policy.answers) {
					throw outcome;
				}
				await again();
				continue;
			}
			if (outcome instanceof Error) {
				silentSince ??= sentAt;
				this.#onSilence(true);
				if (now() - silentSince >= policy.silence) {
					throw new UploadError("network-failed", `${new URL(request.url).host} does not answer.`, {
						hint: "Check the connection and options.endpoint.",
						cause: outcome,
					});
				}
				fresh = false;
				await again();
				continue;
			}
			this.#onSilence(false);
			silentSince = undefined;
			const { status, body, retryAfter } = outcome;
			const known = parseErrorBody(body);
			// A damaged body (digest-mismatch) is a 400 that passes when it is sent again.
			const verdict = known?.code === "digest-mismatch" ? "retry" : judge(status);
			if (verdict === "new-token" && !fresh && tokens < MOST_TOKENS) {
				tokens += 1;
				fresh = true;
				// Requests side by side learn of the expiry one after the other: only the first asks for another token.
				if (this.#token === asked) {
					this.#token = undefined;
				}
				continue;
			}
			fresh = false;
			if (verdict === "done" || request.accept?.includes(status) === true) {
				return { status, body };
			}
			badAnswers += 1;
			if (verdict !== "retry" || badAnswers >= policy.answers) {
				throw refusal(status, known);
			}
			await again(retryAfter);
		}
	}

	async #attempt(
		request: HttpRequest,
		policy: RetryPolicy,
		token: string,
	): Promise<Error | { readonly status: number; readonly body: unknown; readonly retryAfter: number | undefined }> {
		const deadline = this.#deadline(request, policy);
		try {
			const response = await this.#environment.fetch(request.url, {
				method: request.method,
				headers: { ...request.headers, authorization: `Bearer ${token}` },
				...(request.body === undefined ? {} : { body: request.body }),
				signal: deadline.signal,
				credentials: "omit",
				cache: "no-store",
			});
			const text = await response.text();
			return {
				status: response.status,
				body: parseJson(text),
				retryAfter: parseRetryAfter(response.headers.get("retry-after"), this.#environment.now()),
			};
		} catch (error) {
			request.signal.throwIfAborted();
			return error instanceof Error ? error : new Error(String(error));
		} finally {
			deadline.release();
		}
	}

	/**
	 * A signal that aborts with the request's, and when the policy's time for an answer is over, until it is released: then neither the
	 * caller's signal nor a timer leads to it any more. (`AbortSignal.timeout` would hold it, and with it the bytes of a part, until its
	 * time is over, long after the answer: minutes of video.)
	 */
	#deadline({ signal, body }: HttpRequest, policy: RetryPolicy) {
		const stop = new AbortController();
		const abort = () => stop.abort(signal.reason);
		const time = policy.timeout + (body?.length ?? 0) / SLOWEST_LINE;
		const cancel = this.#environment.timer(time, () =>
			stop.abort(new DOMException("The request was not answered in time.", "TimeoutError")),
		);
		signal.addEventListener("abort", abort, { once: true });
		if (signal.aborted) {
			abort();
		}
		return {
			signal: stop.signal,
			release: () => {
				cancel();
				signal.removeEventListener("abort", abort);
			},
		};
	}
}

/** A callback for tokens may wait for a person, who may want to end the upload instead. @throws the signal's reason once it aborts */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
	const { promise, reject } = Promise.withResolvers<never>();
	const abort = () => reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	try {
		return await Promise.race([work, promise]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
};

/** @returns undefined for a body that is no JSON (a proxy's page, say). */
const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

const refusal = (status: number, error: ErrorBody["error"] | undefined): UploadError => {
	const code =
		status === 401 || status === 403 ? "unauthorized" : error?.code === "part-conflict" ? "conflict" : "rejected";
	return new UploadError(code, error?.message ?? `The edge answered ${status}.`, {
		hint: error?.hint,
		serverCode: error?.code,
		status,
	});
};
