import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";
import { digestsEqual, formatReprDigest, parseReprDigest, reprDigest, sha256 } from "./digest.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("Repr-Digest", () => {
	it("is the example of RFC 9530, appendix A", async () => {
		expect(await reprDigest(bytes('{"hello": "world"}\n'))).toBe(
			"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
		);
	});

	it("is found among others, and read back", async () => {
		const digest = await sha256(bytes("part"));
		const value = `sha-512=:AAAA:, ${formatReprDigest(digest)}`;
		expect(parseReprDigest(value)).toEqual(digest);
		expect(digestsEqual(digest, await sha256(bytes("part")))).toBe(true);
		expect(digestsEqual(digest, await sha256(bytes("parT")))).toBe(false);
	});

	it.each([null, undefined, "", "sha-256", "sha-256=abc", "sha-256=:AAAA:", "md5=:AAAA:", "sha-256=::"])(
		"is absent in %j",
		(value) => {
			expect(parseReprDigest(value)).toBeUndefined();
		},
	);
});

describe("base64", () => {
	it("round trips", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 50 }), (data) => {
				expect(fromBase64(toBase64(data))).toEqual(data);
			}),
			{ seed: 3 },
		);
	});

	it.each(["A", "AA", "AA=", "A A=", "AA==\n", "A===", "AA-_"])("refuses %j", (text) => {
		expect(fromBase64(text)).toBeUndefined();
	});
});
