import type { ColourSpace } from "../../codec/track.ts";

/**
 * From stored samples to R'G'B': `rgb = matrix * yuv + offset`, with y, u, v as stored (0..255) and r, g, b in 0..1
 * before clipping. Rows are r, g, b.
 */
export type ColourConversion = {
	readonly matrix: readonly [Row, Row, Row];
	readonly offset: Row;
};
type Row = readonly [number, number, number];

/** Luma weights of red and blue by matrix code point (ISO/IEC 23091-2, table 4; the ones that 8-bit video uses). */
const LUMA_WEIGHTS: Readonly<Record<number, readonly [number, number]>> = {
	1: [0.2126, 0.0722], // BT.709
	5: [0.299, 0.114], // BT.470 BG
	6: [0.299, 0.114], // BT.601, SMPTE 170M
	7: [0.212, 0.087], // SMPTE 240M
	9: [0.2627, 0.0593], // BT.2020, non-constant luminance
};

/** ISO/IEC 23091-2: the code point of all three fields for "unspecified". */
const UNSPECIFIED = 2;

/** BT.709: what an unspecified or unknown label is taken for, because Chromium shows a base without a label so, however small. */
const USUAL = 1;

/** The conversion that a stream's colour space asks for. */
export function colourConversion(colour: Pick<ColourSpace, "matrix" | "fullRange">): ColourConversion {
	const [red, blue] = LUMA_WEIGHTS[colour.matrix] ?? (LUMA_WEIGHTS[USUAL] as readonly [number, number]);
	const green = 1 - red - blue;
	// Limited range: luma 16..235, chroma 16..240 (ITU-R BT.709, section 6.10; the same in BT.601).
	const luma = colour.fullRange ? 1 / 255 : 1 / 219;
	const chroma = colour.fullRange ? 1 / 255 : 1 / 224;
	const black = colour.fullRange ? 0 : 16;
	const v = 2 * (1 - red) * chroma;
	const u = 2 * (1 - blue) * chroma;
	const matrix: readonly [Row, Row, Row] = [
		[luma, 0, v],
		[luma, (-u * blue) / green, (-v * red) / green],
		[luma, u, 0],
	];
	const offset = matrix.map(([y, cb, cr]) => -(y * black + (cb + cr) * 128)) as unknown as Row;
	return { matrix, offset };
}

/** One pixel, for tests and tools: stored samples to R'G'B' of 0..255, rounded. */
export function toRgb(conversion: ColourConversion, y: number, u: number, v: number): Row {
	return conversion.matrix.map(([a, b, c], i) => {
		const value = a * y + b * u + c * v + (conversion.offset[i] as number);
		return Math.round(255 * Math.min(1, Math.max(0, value)));
	}) as unknown as Row;
}

/**
 * The label that pictures are shown under: the stream's own, with what is unspecified filled in as browsers do for the
 * base, so that both look alike.
 */
export function shownColour(colour: ColourSpace): ColourSpace {
	const specified = (value: number) => (value === UNSPECIFIED ? USUAL : value);
	return {
		primaries: specified(colour.primaries),
		transfer: specified(colour.transfer),
		matrix: specified(colour.matrix),
		fullRange: colour.fullRange,
	};
}
