/** What to do after one attempt at a request. */
export type Verdict =
	| "done"
	| "retry" // the server or the way to it is at fault for the moment
	| "new-token" // 401: ask for another token, then once more
	| "refused"; // asking again would get the same answer

/** @param status HTTP status, or undefined where no answer came. */
export const judge = (status: number | undefined): Verdict => {
	if (status === undefined) {
		return "retry";
	}
	if (status >= 200 && status < 300) {
		return "done";
	}
	if (status === 401) {
		return "new-token";
	}
	return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
		? "retry"
		: "refused";
};

/** Limits of trying again. */
export type RetryPolicy = {
	/** Before the second attempt, milliseconds; doubles from then on. */
	readonly base: number;
	/** The longest wait, milliseconds. */
	readonly most: number;
	/** Attempts that got a bad answer (5xx, 429) before giving up. */
	readonly answers: number;
	/** Milliseconds without any answer (offline, a closed lid) before giving up. */
	readonly silence: number;
	/** Milliseconds that one attempt waits for its answer, beside what its body takes. */
	readonly timeout: number;
};

/** While the upload runs: an hour offline, a night in a bag, are survived. */
export const PATIENT: RetryPolicy = { base: 500, most: 30_000, answers: 10, silence: 24 * 3600_000, timeout: 300_000 };

/** For the very first request: a wrong address should be told within seconds. */
export const BRISK: RetryPolicy = { base: 300, most: 3000, answers: 4, silence: 8000, timeout: 30_000 };

/**
 * Milliseconds to wait before attempt `attempt` (1 = the first repetition): exponential with full jitter, so that a thousand
 * uploaders do not come back at the same moment; never earlier than the server asked for.
 * @param random from 0 to 1. @param retryAfter milliseconds that the server named, if it did.
 */
export const retryDelay = (policy: RetryPolicy, attempt: number, random: number, retryAfter?: number): number => {
	const ceiling = Math.min(policy.most, policy.base * 2 ** Math.min(20, attempt - 1));
	const delay = ceiling * (0.5 + 0.5 * random);
	return retryAfter === undefined ? delay : Math.max(delay, retryAfter + ceiling * 0.1 * random);
};

/** Longest wait that a `Retry-After` may impose, milliseconds. */
const MOST_RETRY_AFTER = 15 * 60_000;

/**
 * `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
 * @param now milliseconds since 1970. @returns milliseconds from now, or undefined where the header is missing or no time.
 */
export const parseRetryAfter = (value: string | null, now: number): number | undefined => {
	if (value === null) {
		return undefined;
	}
	const text = value.trim();
	const wait = /^\d{1,9}$/.test(text)
		? Number(text) * 1000
		: /[A-Za-z]/.test(text)
			? Date.parse(text) - now
			: Number.NaN;
	return Number.isNaN(wait) ? undefined : Math.min(MOST_RETRY_AFTER, Math.max(0, wait));
};
