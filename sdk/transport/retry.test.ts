import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BRISK, judge, parseRetryAfter, PATIENT, retryDelay } from "./retry.ts";

describe("judge", () => {
	it("repeats what may pass", () => {
		for (const status of [undefined, 408, 425, 429, 500, 502, 503, 504, 522]) {
			expect(judge(status)).toBe("retry");
		}
	});
	it("gives up on what will not", () => {
		for (const status of [301, 400, 403, 404, 409, 413, 415, 501]) {
			expect(judge(status)).toBe("refused");
		}
	});
	it("asks for a new token on 401, and takes every 2xx", () => {
		expect(judge(401)).toBe("new-token");
		expect(judge(200)).toBe("done");
		expect(judge(201)).toBe("done");
	});
});

describe("retryDelay", () => {
	it("stays within half the ceiling and the ceiling, whatever chance says", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 400 }),
				fc.double({ min: 0, max: 1, noNaN: true }),
				(attempt, random) => {
					for (const policy of [PATIENT, BRISK]) {
						const ceiling = Math.min(policy.most, policy.base * 2 ** Math.min(20, attempt - 1));
						const delay = retryDelay(policy, attempt, random);
						expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
						expect(delay).toBeLessThanOrEqual(ceiling);
					}
				},
			),
			{ seed: 17 },
		);
	});
	it("never comes back earlier than the server asked", () => {
		expect(retryDelay(PATIENT, 1, 0, 60_000)).toBe(60_000);
		expect(retryDelay(PATIENT, 9, 0, 10)).toBe(15_000);
	});
});

describe("parseRetryAfter", () => {
	const now = Date.parse("Sun, 22 Nov 2026 10:00:00 GMT");
	it("reads seconds and dates", () => {
		expect(parseRetryAfter("3", now)).toBe(3000);
		expect(parseRetryAfter("Sun, 22 Nov 2026 10:00:05 GMT", now)).toBe(5000);
		expect(parseRetryAfter("Sun, 22 Nov 2026 09:00:00 GMT", now)).toBe(0);
	});
	it("bounds what it is told and passes over what it cannot read", () => {
		expect(parseRetryAfter("99999999", now)).toBe(15 * 60_000);
		for (const value of [null, "", "soon", "-5", "1.5"]) {
			expect(parseRetryAfter(value, now)).toBeUndefined();
		}
	});
});
