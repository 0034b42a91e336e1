import { UploadError } from "../errors.ts";
import { systemEnvironment } from "./http.ts";
import type { HttpEnvironment } from "./http.ts";
import { BRISK, judge, parseRetryAfter, PATIENT, retryDelay } from "./retry.ts";
import type { RetryPolicy } from "./retry.ts";

/** What a patient `fetch` needs to know. */
export type Patience = {
	/** Ends every wait. */
	readonly signal: AbortSignal;
	/** Called with each wait for a network or a server: a person who looks at the clock may not hold it against the machine. */
	readonly excuse?: <T>(work: Promise<T>) => Promise<T>;
	/** Called with true when a request gets no answer, and with false when it gets one, or is over. */
	readonly onSilence?: (silent: boolean) => void;
	readonly environment?: HttpEnvironment;
};

/** Requests of an upload for what is not the edge's protocol: models, a source by its address. */
export type PatientFetch = {
	/**
	 * Like `fetch`. The answer may be any that asking again would not change (404, say), or the last of many bad ones; its body is not waited for.
	 * @throws {UploadError} `network-failed`; the signal's reason
	 */
	readonly streamed: (url: string, init?: RequestInit) => Promise<Response>;
	/** The same, and its body is there: a network that goes away in the middle of it is waited for as well. */
	readonly whole: (url: string, init?: RequestInit) => Promise<Response>;
};

/**
 * A `fetch` with the patience that parts are sent with: it waits for a network that is away and for a server that is unwell. Only where an
 * origin has never answered yet it is brisk, so that a wrong address is told within seconds.
 */
export const patientFetch = ({
	signal,
	excuse = (work) => work,
	onSilence = () => {},
	environment = systemEnvironment,
}: Patience): PatientFetch => {
	const { now, random, sleep, fetch, timer } = environment;
	const answered = new Set<string>();
	const policyFor = ({ origin }: URL): RetryPolicy => (answered.has(origin) ? PATIENT : BRISK);

	/** One attempt; its answer has `timeout` milliseconds, and so has each piece of a body that is waited for. */
	const attempt = async (
		url: URL,
		init: RequestInit,
		timeout: number,
		stop: AbortSignal,
		whole: boolean,
	): Promise<Response> => {
		const late = new AbortController();
		let cancel = () => {};
		const wait = () => {
			cancel();
			cancel = timer(timeout, () => late.abort(new DOMException("There was no answer in time.", "TimeoutError")));
		};
		wait();
		try {
			const response = await excuse(fetch(url.href, { ...init, signal: AbortSignal.any([stop, late.signal]) }));
			answered.add(url.origin);
			if (!whole || !response.ok) {
				return response;
			}
			wait();
			const watch = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
				transform: (piece, out) => {
					wait();
					out.enqueue(piece);
				},
			});
			const body = response.body?.pipeThrough(watch, { signal: late.signal });
			return new Response(await new Response(body, response).blob(), response);
		} finally {
			cancel();
		}
	};

	const request = async (whole: boolean, address: string, init: RequestInit): Promise<Response> => {
		const url = new URL(address, globalThis.location?.href);
		const stop = init.signal ? AbortSignal.any([signal, init.signal]) : signal;
		let badAnswers = 0;
		let silentSince: number | undefined;
		const heard = () => {
			if (silentSince !== undefined) {
				silentSince = undefined;
				onSilence(false);
			}
		};
		try {
			for (let attempts = 1; ; attempts++) {
				const began = now();
				const { timeout } = policyFor(url);
				const outcome = await attempt(url, init, timeout, stop, whole).catch((error: unknown) => ({ error }));
				stop.throwIfAborted();
				// One whose body broke off has answered.
				const policy = policyFor(url);
				let retryAfter: number | undefined;
				if (outcome instanceof Response) {
					heard();
					badAnswers += 1;
					if (judge(outcome.status) !== "retry" || badAnswers >= policy.answers) {
						return outcome;
					}
					retryAfter = parseRetryAfter(outcome.headers.get("retry-after"), now());
					await outcome.body?.cancel();
				} else {
					if (silentSince === undefined) {
						silentSince = began;
						onSilence(true);
					}
					if (now() - silentSince >= policy.silence) {
						throw new UploadError("network-failed", `${url.host} does not answer.`, {
							hint: "Check the connection, and that the server there allows requests of this page (CORS).",
							cause: outcome.error,
						});
					}
				}
				await excuse(sleep(retryDelay(policy, attempts, random(), retryAfter), stop));
			}
		} finally {
			heard();
		}
	};

	return {
		streamed: (url, init = {}) => request(false, url, init),
		whole: (url, init = {}) => request(true, url, init),
	};
};
