import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { halvePlane, packPlane, planarLayout, rgbToPlanes, splitPairs, toLimitedRange, turnPlane } from "./planes.ts";

describe("planarLayout", () => {
	it("knows every planar format of WebCodecs", () => {
		expect(planarLayout("I420")).toEqual({ bits: 8, shiftX: 1, shiftY: 1 });
		expect(planarLayout("I420A")).toEqual({ bits: 8, shiftX: 1, shiftY: 1 });
		expect(planarLayout("I422P10")).toEqual({ bits: 10, shiftX: 1, shiftY: 0 });
		expect(planarLayout("I444AP12")).toEqual({ bits: 12, shiftX: 0, shiftY: 0 });
		expect(planarLayout("NV12")).toBeUndefined();
		expect(planarLayout("RGBA")).toBeUndefined();
	});
});

describe("packPlane", () => {
	it("drops the padding of each row", () => {
		const data = Uint8Array.from([9, 1, 2, 0, 3, 4, 0]);
		expect([...packPlane({ data, offset: 1, stride: 3 }, 2, 2, 8)]).toEqual([1, 2, 3, 4]);
	});
	it("rounds ten bits to eight without overflow", () => {
		const data = Uint16Array.from([0, 1, 2, 511, 1021, 1023]);
		expect([...packPlane({ data, offset: 0, stride: 6 }, 6, 1, 10)]).toEqual([0, 0, 1, 128, 255, 255]);
	});
});

describe("splitPairs", () => {
	it("takes the two chroma planes of NV12 apart", () => {
		const data = Uint8Array.from([1, 2, 3, 4, 0, 5, 6, 7, 8, 0]);
		const [u, v] = splitPairs({ data, offset: 0, stride: 5 }, 2, 2);
		expect([...u, ...v]).toEqual([1, 3, 5, 7, 2, 4, 6, 8]);
	});
});

describe("halvePlane", () => {
	it("keeps the mean, whatever the parity", () => {
		for (const [width, height] of [
			[1, 1],
			[2, 3],
			[5, 4],
			[7, 7],
		] as const) {
			const out = halvePlane(new Uint8Array(width * height).fill(77), width, height, true, true);
			expect(out.length).toBe(((width + 1) >> 1) * ((height + 1) >> 1));
			expect(out.every((sample) => sample === 77)).toBe(true);
		}
	});
	it("stays level with even columns", () => {
		expect([...halvePlane(Uint8Array.from([0, 0, 100, 0, 0, 0]), 6, 1, true, false)]).toEqual([0, 50, 0]);
	});
});

describe("toLimitedRange", () => {
	it("maps the ends and the middle", () => {
		const luma = Uint8Array.from([0, 255]);
		toLimitedRange(luma, "luma");
		expect([...luma]).toEqual([16, 235]);
		const chroma = Uint8Array.from([0, 128, 255]);
		toLimitedRange(chroma, "chroma");
		expect([...chroma]).toEqual([16, 128, 240]);
	});
});

describe("rgbToPlanes", () => {
	const one = (r: number, g: number, b: number) => {
		const { y, u, v } = rgbToPlanes(
			{ data: Uint8Array.from([r, g, b, 255]), offset: 0, stride: 4 },
			1,
			1,
			[0, 1, 2],
		);
		return [y[0], u[0], v[0]];
	};
	it("gives BT.709's values for black, white and the primaries", () => {
		expect(one(0, 0, 0)).toEqual([16, 128, 128]);
		expect(one(255, 255, 255)).toEqual([235, 128, 128]);
		expect(one(255, 0, 0)).toEqual([63, 102, 240]);
		expect(one(0, 255, 0)).toEqual([173, 42, 26]);
		expect(one(0, 0, 255)).toEqual([32, 240, 118]);
	});
	it("stays within limited range and leaves greys grey", () => {
		const byte = fc.integer({ min: 0, max: 255 });
		fc.assert(
			fc.property(byte, byte, byte, (r, g, b) => {
				const [y = 0, u = 0, v = 0] = one(r, g, b);
				expect(y >= 16 && y <= 235 && u >= 16 && u <= 240 && v >= 16 && v <= 240).toBe(true);
				expect(one(r, r, r).slice(1)).toEqual([128, 128]);
			}),
			{ seed: 5 },
		);
	});
});

describe("turnPlane", () => {
	const plane = Uint8Array.from([1, 2, 3, 4, 5, 6]); // 3x2
	it("turns clockwise", () => {
		expect([...turnPlane(plane, 3, 2, 90, false)]).toEqual([4, 1, 5, 2, 6, 3]);
		expect([...turnPlane(plane, 3, 2, 180, false)]).toEqual([6, 5, 4, 3, 2, 1]);
		expect([...turnPlane(plane, 3, 2, 270, false)]).toEqual([3, 6, 2, 5, 1, 4]);
	});
	it("mirrors after turning", () => {
		expect([...turnPlane(plane, 3, 2, 0, true)]).toEqual([3, 2, 1, 6, 5, 4]);
		expect([...turnPlane(plane, 3, 2, 90, true)]).toEqual([1, 4, 2, 5, 3, 6]);
	});
	it("comes back after four quarter turns", () => {
		let turned: Uint8Array = plane;
		for (let i = 0; i < 4; i++) {
			turned = turnPlane(turned, i % 2 === 0 ? 3 : 2, i % 2 === 0 ? 2 : 3, 90, false);
		}
		expect([...turned]).toEqual([...plane]);
	});
});
