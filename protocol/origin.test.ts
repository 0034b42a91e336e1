import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { CreatePlaybackTokenRequest } from "./access.ts";
import { CreateTokenRequest, UpdateAssetRequest } from "./asset.ts";

/** Whether every request that names an origin takes this one; fails where they do not agree. */
const isTaken = (origin: string): boolean => {
	const taken = [
		v.is(CreateTokenRequest, { origin }),
		v.is(CreatePlaybackTokenRequest, { origin }),
		v.is(UpdateAssetRequest, { embedOrigins: [origin] }),
	];
	expect(new Set(taken).size).toBe(1);
	return taken.every(Boolean);
};

describe("an origin", () => {
	it.each([
		"https://example.com",
		"https://example.com:8443",
		"http://localhost:5173",
		"http://127.0.0.1:8787",
		"http://[::1]:8787",
		"https://xn--bcher-kva.example",
		"https://my_site.example",
	])("%s is taken", (origin) => {
		expect(isTaken(origin)).toBe(true);
	});

	it.each([
		// A directive, and a whole policy, of the caller's choosing.
		"https://x;sandbox",
		"https://a,b",
		"https://'none'",
		"https://*.example.com",
		// What no browser sends, so that a token for it would be good for nothing.
		"https://Example.com",
		"https://example.com:443",
		"http://example.com:80",
		"http://127.1",
		"https://bücher.example",
		"https://example.com/",
		"https://user@example.com",
		"https://",
		"https://a b",
		"ftp://example.com",
		"example.com",
		"null",
		`https://${"x".repeat(300)}`,
	])("%s is refused", (origin) => {
		expect(isTaken(origin)).toBe(false);
	});

	it("is refused with words that say what one looks like", () => {
		const issues = v.safeParse(CreateTokenRequest, { origin: "https://example.com:443" }).issues ?? [];
		expect(issues.map(({ message }) => message).join()).toContain("https://example.com");
	});
});
