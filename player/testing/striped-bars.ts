import type { Picture } from "../../codec/picture/picture.ts";
import { BAR_COLOURS, BARS, barsPicture } from "./bars.ts";
import type { Pixels } from "./png.ts";

/** Size of the pictures, in samples. */
export const STRIPED_SIZE = { width: 96, height: 64 } as const;
/** From this row on there are stripes of one sample. */
const STRIPES_FROM = 48;
const BT709 = { primaries: 1, transfer: 1, matrix: 1, fullRange: false } as const;

/** Colour bars, and below them stripes that are too fine for a base of a quarter of the size: the screen tells which layer it shows. */
export function stripedBars(timestamp: number): Picture {
	const { width, height } = STRIPED_SIZE;
	const picture = barsPicture(width, height, BT709, timestamp);
	const from = STRIPES_FROM * width;
	picture.y.set(
		Uint8Array.from({ length: picture.y.length - from }, (_, i) => (i % 2 === 0 ? 70 : 190)),
		from,
	);
	for (const plane of [picture.u, picture.v]) plane.fill(128, from / 4);
	return picture;
}

/** What a screenshot of a player shows. */
export type Shown = {
	/** Largest difference of a bar from its colour, in 8-bit R'G'B'. */
	readonly error: number;
	/** Difference of two stripes side by side. */
	readonly contrast: number;
};

/** Reads a screenshot that holds the picture and nothing else. @param column of the picture, in samples: where to look for stripes */
export function look({ width, height, data }: Pixels, column = 40): Shown {
	const pixel = (x: number, y: number) => {
		const at = 4 * (Math.floor(y) * width + Math.floor(x));
		return [...data.subarray(at, at + 3)];
	};
	const errors = BARS.flatMap((name, i) =>
		pixel((width * (i + 0.5)) / BARS.length, height / 3).map((value, j) =>
			Math.abs(value - Math.round(255 * (BAR_COLOURS[name][j] ?? 0))),
		),
	);
	const luma = (at: number) => pixel(((at + 0.5) * width) / STRIPED_SIZE.width, 0.9 * height)[1] ?? 0;
	return { error: Math.max(...errors), contrast: Math.abs(luma(column) - luma(column + 1)) };
}

/** Whether it is the base, or the enhancement. Anything else is neither. */
export const isBase = ({ contrast }: Shown): boolean => contrast < 20;
export const isEnhanced = ({ contrast }: Shown): boolean => contrast > 50;
