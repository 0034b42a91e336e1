import { describe, expect, it } from "vitest";
import { colourConversion, shownColour, toRgb } from "./colour.ts";

type Bar = readonly [string, readonly [number, number, number], readonly [number, number, number]];

/** 75 percent bars as stored samples, 8 bits, and their R'G'B' (ITU-R BT.601-7 and BT.709-6, limited range). */
const BARS: Readonly<Record<1 | 6, readonly Bar[]>> = {
	6: [
		["white", [180, 128, 128], [191, 191, 191]],
		["yellow", [162, 44, 142], [191, 191, 0]],
		["cyan", [131, 156, 44], [0, 191, 191]],
		["green", [112, 72, 58], [0, 191, 0]],
		["magenta", [84, 184, 198], [191, 0, 191]],
		["red", [65, 100, 212], [191, 0, 0]],
		["blue", [35, 212, 114], [0, 0, 191]],
		["black", [16, 128, 128], [0, 0, 0]],
	],
	1: [
		["white", [180, 128, 128], [191, 191, 191]],
		["yellow", [168, 44, 136], [191, 191, 0]],
		["cyan", [145, 147, 44], [0, 191, 191]],
		["green", [133, 63, 52], [0, 191, 0]],
		["magenta", [63, 193, 204], [191, 0, 191]],
		["red", [51, 109, 212], [191, 0, 0]],
		["blue", [28, 212, 120], [0, 0, 191]],
		["black", [16, 128, 128], [0, 0, 0]],
	],
};

describe("colour conversion", () => {
	for (const matrix of [6, 1] as const) {
		it(`shows 75 percent bars with matrix ${matrix}`, () => {
			for (const [name, yuv, rgb] of BARS[matrix]) {
				const got = toRgb(colourConversion({ matrix, fullRange: false }), ...yuv);
				const errors = got.map((value, i) => Math.abs(value - (rgb[i] as number)));
				expect([name, Math.max(...errors) <= 2]).toEqual([name, true]);
			}
		});
	}

	it("maps full range one to one where there is no colour", () => {
		for (const matrix of [1, 5, 6, 7, 9]) {
			const conversion = colourConversion({ matrix, fullRange: true });
			for (let y = 0; y < 256; y++) expect(toRgb(conversion, y, 128, 128)).toEqual([y, y, y]);
		}
	});

	it("maps limited range from 16..235, and clips outside", () => {
		const conversion = colourConversion({ matrix: 1, fullRange: false });
		expect(toRgb(conversion, 16, 128, 128)).toEqual([0, 0, 0]);
		expect(toRgb(conversion, 235, 128, 128)).toEqual([255, 255, 255]);
		expect(toRgb(conversion, 0, 128, 128)).toEqual([0, 0, 0]);
		expect(toRgb(conversion, 255, 128, 128)).toEqual([255, 255, 255]);
	});

	it("takes what is unspecified for BT.709, and leaves what is specified", () => {
		expect(shownColour({ primaries: 2, transfer: 2, matrix: 2, fullRange: false })).toEqual({
			primaries: 1,
			transfer: 1,
			matrix: 1,
			fullRange: false,
		});
		const bt601 = { primaries: 6, transfer: 13, matrix: 6, fullRange: true };
		expect(shownColour(bt601)).toEqual(bt601);
		expect(colourConversion({ matrix: 2, fullRange: false })).toEqual(
			colourConversion({ matrix: 1, fullRange: false }),
		);
	});
});
