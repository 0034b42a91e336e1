import { expect, test } from "vitest";
import { BASE_AHEAD, baseAhead } from "./base-ahead.ts";

test("loads less of the base ahead while the first enhanced segment is awaited", () => {
	expect(baseAhead({ began: 1, awaited: true })).toBeLessThan(BASE_AHEAD);
	expect(baseAhead({ began: 1, awaited: false })).toBe(BASE_AHEAD);
});

test("stops waiting: a network that brings no enhancement for ten seconds wants a full buffer", () => {
	expect(baseAhead({ began: 9.9, awaited: true })).toBeLessThan(BASE_AHEAD);
	expect(baseAhead({ began: 10, awaited: true })).toBe(BASE_AHEAD);
});
