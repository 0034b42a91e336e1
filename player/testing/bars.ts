import type { Picture } from "../../codec/picture/picture.ts";
import type { ColourSpace } from "../../codec/track.ts";
import { colourConversion } from "../pipeline/colour.ts";

/** Four 75 percent bars, wide enough that a quarter of them is still flat in the middle, from left to right, as R'G'B' of 0..1. */
export const BAR_COLOURS = {
	yellow: [0.75, 0.75, 0],
	green: [0, 0.75, 0],
	red: [0.75, 0, 0],
	blue: [0, 0, 0.75],
} as const;

/** Names of the bars, from left to right. */
export const BARS = Object.keys(BAR_COLOURS) as readonly (keyof typeof BAR_COLOURS)[];

/** Vertical colour bars in a colour space. @param width a multiple of 16, so that every bar has whole chroma samples */
export function barsPicture(width: number, height: number, colour: ColourSpace, timestamp: number): Picture {
	const samples = BARS.map((name) => toSamples(BAR_COLOURS[name], colour));
	const plane = (columns: number, rows: number, component: 0 | 1 | 2) =>
		Uint8Array.from({ length: columns * rows }, (_, i) => {
			const bar = Math.floor(((i % columns) * BARS.length) / columns);
			return samples[bar]?.[component] ?? 0;
		});
	return {
		width,
		height,
		y: plane(width, height, 0),
		u: plane(width / 2, height / 2, 1),
		v: plane(width / 2, height / 2, 2),
		timestamp,
	};
}

/** The inverse of `colourConversion`: R'G'B' to stored samples. */
function toSamples(
	[r, g, b]: readonly [number, number, number],
	colour: ColourSpace,
): readonly [number, number, number] {
	const { matrix, offset } = colourConversion(colour);
	const [[y, , rv], , [, bu]] = matrix;
	// Red has no U and blue no V in it, green has both: luma follows from the green row, then the rest.
	const [, [, gu, gv]] = matrix;
	// r = y*Y + rv*V + o0; g = y*Y + gu*U + gv*V + o1; b = y*Y + bu*U + o2. Solve for Y.
	const ratioU = gu / bu;
	const ratioV = gv / rv;
	const luma = (g - offset[1] - ratioU * (b - offset[2]) - ratioV * (r - offset[0])) / (y * (1 - ratioU - ratioV));
	const v = (r - offset[0] - y * luma) / rv;
	const u = (b - offset[2] - y * luma) / bu;
	return [Math.round(luma), Math.round(u), Math.round(v)];
}
