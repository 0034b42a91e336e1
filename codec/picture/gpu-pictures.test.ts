import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GpuPage, openGpuPage } from "../model/test-gpu-page.ts";
import { rgbToPlanes, turnPlane } from "./planes.ts";
import { downscalePicture } from "./downscale.ts";
import { extendPicture } from "./extend.ts";
import { foldPicture } from "./fold.ts";
import { chromaSide, geometryOf } from "./geometry.ts";
import type { FrameRequest, PictureBench, Planes } from "./gpu-test-page.ts";
import type { Picture } from "./picture.ts";
import { Resizer } from "./resize.ts";
import { testPicture } from "./test-pictures.ts";

declare const bench: PictureBench;

let gpu: GpuPage;

beforeAll(async () => {
	gpu = await openGpuPage(join(import.meta.dirname, "gpu-test-page.ts"));
});

afterAll(() => gpu?.close());

const toJson = ({ width, height, y, u, v }: Picture): Planes => ({
	width,
	height,
	planes: [y, u, v].map((plane) => [...plane]),
});

describe("pictures on the GPU", () => {
	it.each([
		[32, 32, 24, 20],
		[45, 37, 33, 51],
		[62, 18, 16, 18],
	])("%ix%i equal those on the CPU", async (width, height, toWidth, toHeight) => {
		const { codedWidth, codedHeight } = geometryOf(width, height);
		const sizes = [[width, height], [toWidth, toHeight], { width: codedWidth, height: codedHeight }] as const;
		const made = await gpu.page.evaluate(([from, to, coded]) => bench.derive(from, to, coded), sizes);
		const picture = testPicture(width, height, 3);
		expect(made.same).toEqual(toJson(picture));
		expect(made.base).toEqual(toJson(downscalePicture(picture)));
		expect(made.resized).toEqual(toJson(new Resizer(width, height, toWidth, toHeight).resize(picture)));
		expect(made.folded).toEqual([...foldPicture(extendPicture(picture, codedWidth, codedHeight), -128)]);
	});
});

const BT709 = { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false } as const;
const BT601 = { ...BT709, matrix: "smpte170m" } as const;
const RGB = { primaries: "bt709", transfer: "iec61966-2-1", matrix: "rgb", fullRange: true } as const;

const convert = (request: FrameRequest) => gpu.page.evaluate((r) => bench.convert(r), request);

/** Colours that RGB can hold, and soft ones: a browser that enlarges chroma does not blur them. */
const soft = (width: number, height: number): Picture => {
	const plane = (columns: number, rows: number, of: (x: number, y: number) => number) =>
		Uint8Array.from({ length: columns * rows }, (_, i) =>
			of((i % columns) / columns, Math.floor(i / columns) / rows),
		);
	const [columns, rows] = [chromaSide(width), chromaSide(height)];
	return {
		width,
		height,
		y: plane(width, height, (x, y) => 100 + 60 * x + 30 * Math.sin(9 * y)),
		u: plane(columns, rows, (x, y) => 120 + 20 * x - 10 * y),
		v: plane(columns, rows, (x, y) => 135 - 15 * x + 12 * y),
		timestamp: 7,
	};
};

const turned = ({ width, height, y, u, v }: Picture, rotation: 0 | 90 | 180 | 270, flip: boolean): Planes => {
	const [columns, rows] = [chromaSide(width), chromaSide(height)];
	const sideways = rotation % 180 !== 0;
	return {
		width: sideways ? height : width,
		height: sideways ? width : height,
		planes: [
			[...turnPlane(y, width, height, rotation, flip)],
			[...turnPlane(u, columns, rows, rotation, flip)],
			[...turnPlane(v, columns, rows, rotation, flip)],
		],
	};
};

describe("video frames on the GPU", () => {
	it("of RGB become what the CPU makes of them", async () => {
		const [width, height] = [37, 22];
		const bytes = Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : (i * i * 31) % 256));
		const plane = { data: Uint8Array.from(bytes), offset: 0, stride: 4 * width };
		const planes = { ...rgbToPlanes(plane, width, height, [0, 1, 2]), width, height, timestamp: 7 };
		for (const [rotation, flip] of [
			[0, false],
			[90, false],
			[180, true],
			[270, false],
		] as const) {
			const request = { format: "RGBX", size: [width, height], bytes, colour: RGB, matrix: "pixels" } as const;
			expect(await convert({ ...request, rotation, flip })).toEqual(turned(planes, rotation, flip));
		}
	});

	it.each([
		["I420", "BT.709", BT709, { red: 0.2126, blue: 0.0722 }],
		["NV12", "BT.709", BT709, { red: 0.2126, blue: 0.0722 }],
		["NV12", "BT.601", BT601, { red: 0.299, blue: 0.114 }],
	] as const)("of %s %s keep their samples to within one", async (format, _, colour, matrix) => {
		const [width, height] = [48, 32];
		const picture = soft(width, height);
		const pairs = [...picture.u].flatMap((u, i) => [u, picture.v[i] ?? 0]);
		const chroma = format === "I420" ? [...picture.u, ...picture.v] : pairs;
		const bytes = [...picture.y, ...chroma];
		for (const [rotation, flip] of [
			[0, false],
			[90, true],
		] as const) {
			const made = await convert({ format, size: [width, height], bytes, colour, matrix, rotation, flip });
			const expected = turned(picture, rotation, flip);
			expect([made.width, made.height]).toEqual([expected.width, expected.height]);
			for (const [i, plane] of expected.planes.entries()) {
				const worst = Math.max(...plane.map((sample, k) => Math.abs(sample - (made.planes[i]?.[k] ?? -99))));
				expect([i, worst]).toEqual([i, Math.min(worst, 1)]);
			}
		}
	});
});
