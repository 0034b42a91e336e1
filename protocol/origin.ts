import * as v from "valibot";

/**
 * An origin exactly as a browser sends it: `https://example.com`, in small letters, international names in Punycode, no default port.
 * Tokens are compared with what the browser sends, and the edge writes origins into a header of its own pages, so that the characters are
 * those of hosts and ports alone: a semicolon or a comma would begin another directive or policy.
 */
export const Origin = v.pipe(
	v.string(),
	v.maxLength(256),
	v.regex(/^https?:\/\/[a-z0-9._:[\]-]+$/, "must be an origin: https://example.com"),
	v.check((text) => URL.parse(text)?.origin === text, "must be an origin as browsers send it: https://example.com"),
);
