import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Picture } from "../codec/picture/picture.ts";
import type { ColourSpace } from "../codec/track.ts";
import { BAR_COLOURS, BARS, barsPicture } from "./testing/bars.ts";
import { makeFixtureStream } from "./testing/fixture-stream.ts";
import { PlayerHarness, video } from "./testing/harness.ts";
import type { Pixels } from "./testing/png.ts";

/**
 * Base and enhanced picture on the screen of a real browser: in the same place, in the same colours. The pictures are made so
 * that the base holds them as well as the enhancement does; what then differs is the player's doing.
 */
const FRAME_RATE = 25;
const SEGMENT_FRAMES = 4;

const COLOURS: Readonly<Record<string, ColourSpace>> = {
	"bt709-limited": { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
	"bt709-full": { primaries: 1, transfer: 1, matrix: 1, fullRange: true },
	"bt601-limited": { primaries: 6, transfer: 6, matrix: 6, fullRange: false },
	"bt601-full": { primaries: 6, transfer: 6, matrix: 6, fullRange: true },
	unspecified: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
};

/** No multiples of 8: the base of 26x18 covers 104x72. */
const ODD = { width: 98, height: 66 };

/** Columns of the light rectangle, and pixels of page to the left of the video. */
const LIGHT = { left: 24, right: 64 };
const MARGIN = 2;

/** A light rectangle on grey, on whole base samples. */
function rectanglePicture(timestamp: number): Picture {
	const { width, height } = ODD;
	const chroma = new Uint8Array((width / 2) * (height / 2)).fill(128);
	const y = Uint8Array.from({ length: width * height }, (_, i) => {
		const [x, row] = [i % width, Math.floor(i / width)];
		return x >= LIGHT.left && x < LIGHT.right && row >= 16 && row < 48 ? 220 : 120;
	});
	return { width, height, y, u: chroma, v: chroma, timestamp };
}

/** Of the enhanced bars on the screen, in 8-bit R'G'B'. */
const LARGEST_ERRORS = { yellow: 8, green: 12, red: 12, blue: 16 } as const;

/** Where the picture is on a screenshot (every pixel that is not the page), and where the light in it is centred. */
function measure({ width, height, data }: Pixels) {
	const box = { left: width, top: height, right: 0, bottom: 0 };
	let [sum, sumX, sumY] = [0, 0, 0];
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			const at = 4 * (y * width + x);
			const [r, g, b] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
			// The page is #123456. A pixel that is half picture, half page belongs to both.
			if (Math.abs(r - 0x12) + Math.abs(g - 0x34) + Math.abs(b - 0x56) < 60) continue;
			box.left = Math.min(box.left, x);
			box.right = Math.max(box.right, x + 1);
			box.top = Math.min(box.top, y);
			box.bottom = Math.max(box.bottom, y + 1);
			const light = Math.max(0, (r + g + b) / 3 - 150);
			sum += light;
			sumX += light * (x + 0.5);
			sumY += light * (y + 0.5);
		}
	}
	return { box, centre: { x: sumX / sum, y: sumY / sum } };
}

describe("base and enhanced picture on the screen", () => {
	let harness: PlayerHarness;

	beforeAll(async () => {
		const mounts: Record<string, Map<string, Uint8Array>> = {};
		const stream = (pictures: readonly Picture[], colour?: ColourSpace) =>
			makeFixtureStream({
				...{ pictures, frameRate: FRAME_RATE, segmentFrames: SEGMENT_FRAMES, qualities: [60] },
				...(colour && { colour }),
			});
		const frames = Array.from({ length: SEGMENT_FRAMES }, (_, i) => i * 40_000);
		for (const [name, colour] of Object.entries(COLOURS)) {
			mounts[`/${name}/`] = (
				await stream(
					frames.map((time) => barsPicture(96, 64, colour, time)),
					colour,
				)
			).files;
		}
		mounts["/odd/"] = (await stream(frames.map(rectanglePicture))).files;
		harness = await PlayerHarness.start({ mounts, frameRate: FRAME_RATE });
	});

	afterAll(() => harness?.close());

	it.each(Object.keys(COLOURS))("have the same colours: %s", async (name) => {
		await harness.open(video('enhancement="force"', `/${name}/master.m3u8`));
		await harness.standOn(1);
		/** Two pixels in the middle of each bar, one high, one low. */
		const bars = async () => {
			const { width, data } = await harness.screen({ x: 0, y: 0, width: 384, height: 256 });
			return BARS.flatMap((_, i) => {
				const x = Math.round((width * (i + 0.5)) / BARS.length);
				return [118, 138].map((y) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)]);
			});
		};
		const base = await bars();
		await harness.waitForPicture();
		const enhanced = await bars();
		const differences = enhanced.map((colour, i) =>
			colour.map((value, j) => Math.abs(value - (base[i]?.[j] ?? 0))),
		);
		// Flat bars survive the base's quarter size: what differs is the quantiser's doing. A wrong matrix or range is far off.
		expect(Math.max(...differences.flat())).toBeLessThanOrEqual(12);
		// And they are the colours that the bars were made of. A step of U moves blue by two, and both layers round it alike:
		// blue may be further off; a wrong matrix is 33 off in green, a wrong range 11 in yellow.
		BARS.forEach((bar, i) => {
			const wanted = BAR_COLOURS[bar].map((value) => Math.round(255 * value));
			const errors = enhanced[2 * i]?.map((value, j) => Math.abs(value - (wanted[j] ?? 0))) ?? [255];
			expect(Math.max(...errors)).toBeLessThanOrEqual(LARGEST_ERRORS[bar]);
		});
	});

	// Whole device pixels at every scale: between two, browsers snap videos and canvases each in their own way.
	const LAYOUTS = [
		{ width: 294, height: 198, fit: "contain", position: "50% 50%" },
		{ width: 384, height: 256, fit: "contain", position: "50% 50%" },
		{ width: 302, height: 198, fit: "contain", position: "20% 70%" },
		{ width: 334, height: 142, fit: "cover", position: "50% 30%" },
		{ width: 222, height: 180, fit: "fill", position: "50% 50%" },
		{ width: 122, height: 78, fit: "none", position: "50% 50%" },
		{ width: 20, height: 18, fit: "scale-down", position: "50% 50%" },
	];

	/** One of the two alone, in a layout: where they differ, the other must not fill in. */
	const measured = async (layer: "video" | "canvas", style: string, clip: Parameters<PlayerHarness["screen"]>[0]) => {
		await harness.page.$eval(
			"#v",
			(v, to) => {
				v.setAttribute("style", to.style);
				for (const name of ["video", "canvas"]) {
					const element = v.shadowRoot?.querySelector<HTMLElement>(name);
					if (element) element.style.opacity = name === to.layer ? "1" : "0";
				}
			},
			{ style, layer },
		);
		await harness.waitForPicture();
		return measure(await harness.screen(clip));
	};

	it.each([1, 1.5])("lie over each other to the pixel at %s device pixels, at any size and fit", async (scale) => {
		const context = { viewport: { width: 400, height: 260 }, deviceScaleFactor: scale };
		await harness.open(video('enhancement="force"', "/odd/master.m3u8"), { context });
		await harness.standOn(1);
		await harness.waitForPicture();
		// A picture in its own size ends between device pixels at 1.5: there the two may be one pixel apart.
		const layouts = LAYOUTS.filter(({ fit }) => scale === 1 || !/none|scale-down/.test(fit));
		for (const { width, height, fit, position } of layouts) {
			const clip = { x: 0, y: 0, width: width + 6, height: height + 6 };
			const style = `display: block; margin: ${MARGIN}px; width: ${width}px; height: ${height}px; --media-object-fit: ${fit}; --media-object-position: ${position}`;
			const base = await measured("video", style, clip);
			const enhanced = await measured("canvas", style, clip);
			const where = `${width}x${height} ${fit} at ${scale}`;
			expect({ where, ...enhanced.box }).toEqual({ where, ...base.box });
			// A sample of the base is up to 15 pixels wide here; stretched over what its base covers, the picture would be off by 8.
			expect(Math.abs(enhanced.centre.x - base.centre.x), `${where}, x`).toBeLessThan(1);
			expect(Math.abs(enhanced.centre.y - base.centre.y), `${where}, y`).toBeLessThan(1);
			if (width * ODD.height !== height * ODD.width) continue;
			// A box of the picture's own shape is filled by the picture: what the base has beyond it is cut off.
			const middle = ((LIGHT.left + LIGHT.right) / 2 / ODD.width) * width + MARGIN;
			expect(Math.abs(enhanced.centre.x / scale - middle), `${where}, middle`).toBeLessThan(1);
		}
	});

	it("stay over each other when a phone is turned, and in full screen", async () => {
		// Whole device pixels again, on either side.
		const upright = { width: 196, height: 392 };
		const across = { width: 392, height: 198 };
		await harness.open(video('enhancement="force"', "/odd/master.m3u8"), {
			context: { viewport: upright, deviceScaleFactor: 2 },
		});
		const { page } = harness;
		await harness.standOn(1);
		const style = "display: block; width: 100vw; height: 100vh";
		const compare = async (where: string, size: { readonly width: number; readonly height: number }) => {
			const clip = { x: 0, y: 0, ...size };
			const base = await measured("video", style, clip);
			const enhanced = await measured("canvas", style, clip);
			expect({ where, ...enhanced.box }).toEqual({ where, ...base.box });
			expect(Math.abs(enhanced.centre.x - base.centre.x), `${where}, x`).toBeLessThan(2);
			expect(Math.abs(enhanced.centre.y - base.centre.y), `${where}, y`).toBeLessThan(2);
			return enhanced.box;
		};
		const turn = async (size: { readonly width: number; readonly height: number }) => {
			await page.setViewportSize(size);
			await harness.until((width) => document.querySelector("#v")?.clientWidth === width, size.width);
		};
		const before = await compare("upright", upright);
		await turn(across);
		const after = await compare("across", across);
		expect(after.right - after.left).toBeGreaterThan(before.right - before.left);
		await turn(upright);
		expect(await compare("upright again", upright)).toEqual(before);
		await harness.element((v) => v.requestFullscreen());
		await harness.until(() => document.fullscreenElement?.id === "v");
		await harness.waitForPicture();
		// Full screen here is as large as the browser's window, of which a screenshot holds as much as the viewport.
		const places = await harness.element((v) =>
			["video", "canvas"].map((name) => {
				const box = v.shadowRoot?.querySelector(name)?.getBoundingClientRect() ?? new DOMRect();
				return [box.x, box.y, box.width, box.height];
			}),
		);
		expect(places[1]).toEqual(places[0]);
		expect(await harness.isCanvasShown()).toBe(true);
	});
});
