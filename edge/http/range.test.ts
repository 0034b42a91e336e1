import { describe, expect, it } from "vitest";
import { contentRange, matchesEtag, parseRange } from "./range.ts";

describe("parseRange", () => {
	it.each([
		["bytes=0-0", { offset: 0, length: 1 }],
		["bytes=0-99", { offset: 0, length: 100 }],
		["bytes=10-19", { offset: 10, length: 10 }],
		["bytes=90-1000", { offset: 90, length: 10 }],
		["bytes=99-", { offset: 99, length: 1 }],
		["bytes=0-", { offset: 0, length: 100 }],
		["bytes=-1", { offset: 99, length: 1 }],
		["bytes=-1000", { offset: 0, length: 100 }],
		["BYTES = 1 - 2", { offset: 1, length: 2 }],
	])("gives one range for %s", (header, range) => {
		expect(parseRange(header, 100)).toEqual(range);
	});

	it.each(["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999-"])(
		"cannot satisfy %s",
		(header) => {
			expect(parseRange(header, 100)).toBe("unsatisfiable");
		},
	);

	it.each([
		null,
		undefined,
		"",
		"bytes=",
		"bytes=-",
		"bytes=5-4",
		"items=0-1",
		"bytes=0-1,3-4",
		"bytes=a-b",
		"bytes=0x1-2",
	])("answers the whole for %s", (header) => {
		expect(parseRange(header, 100)).toBeUndefined();
	});

	it("cannot satisfy anything of an empty object", () => {
		expect(parseRange("bytes=0-", 0)).toBe("unsatisfiable");
		expect(parseRange("bytes=-5", 0)).toBe("unsatisfiable");
	});
});

describe("contentRange", () => {
	it("names first and last byte, or the size alone", () => {
		expect(contentRange({ offset: 10, length: 5 }, 100)).toBe("bytes 10-14/100");
		expect(contentRange("unsatisfiable", 100)).toBe("bytes */100");
	});
});

describe("matchesEtag", () => {
	it.each(['"a"', '"b", "a"', 'W/"a"', "*", ' "a" '])("matches %s", (header) => {
		expect(matchesEtag(header, '"a"')).toBe(true);
	});
	it.each(['"A"', "a", "", '"ab"', null, undefined])("does not match %s", (header) => {
		expect(matchesEtag(header, '"a"')).toBe(false);
	});
});
