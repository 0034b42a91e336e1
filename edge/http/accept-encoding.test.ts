import { describe, expect, it } from "vitest";
import { acceptsBrotli } from "./accept-encoding.ts";

describe("acceptsBrotli", () => {
	it.each(["br", "gzip, deflate, br, zstd", "BR", "gzip;q=1.0, br;q=0.001", "*", "gzip,*;q=0.1", " br ; q = 1 "])(
		"is true for %s",
		(header) => {
			expect(acceptsBrotli(header)).toBe(true);
		},
	);
	it.each([
		null,
		undefined,
		"",
		"gzip",
		"identity",
		"br;q=0",
		"br;q=0.000, *",
		"*;q=0",
		"brotli",
		"x-br",
		"br;q=x",
		"br;;",
	])("is false for %s", (header) => {
		expect(acceptsBrotli(header)).toBe(false);
	});
});
