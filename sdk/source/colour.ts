import type { ColourSpace } from "../../codec/track.ts";

/** ISO/IEC 23091-2 code points of the names that WebCodecs uses; what is not listed is 2, "unspecified". */
const PRIMARIES: Readonly<Record<string, number>> = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9, smpte432: 12 };
const TRANSFER: Readonly<Record<string, number>> = {
	bt709: 1,
	smpte170m: 6,
	linear: 8,
	"iec61966-2-1": 13,
	pq: 16,
	hlg: 18,
};
const MATRIX: Readonly<Record<string, number>> = { rgb: 0, bt709: 1, bt470bg: 5, smpte170m: 6, "bt2020-ncl": 9 };

/** The colour of a frame as WebCodecs and mediabunny state it; anything may be missing. */
export type FrameColour = {
	readonly primaries?: string | null | undefined;
	readonly transfer?: string | null | undefined;
	readonly matrix?: string | null | undefined;
	readonly fullRange?: boolean | null | undefined;
};

/**
 * The colour of pictures after conversion (limited range always). What a source leaves open is filled in as browsers do
 * when they play it: BT.709 from 720 rows on, BT.601 below. RGB sources are converted by the BT.709 matrix.
 */
export const resolveColour = (colour: FrameColour, height: number): ColourSpace => {
	const rgb = colour.matrix === "rgb";
	const high = height >= 720;
	const guess = high ? { primaries: 1, transfer: 1, matrix: 1 } : { primaries: 6, transfer: 6, matrix: 6 };
	return {
		primaries: PRIMARIES[colour.primaries ?? ""] ?? (rgb ? 1 : guess.primaries),
		transfer: TRANSFER[colour.transfer ?? ""] ?? (rgb ? 1 : guess.transfer),
		matrix: rgb ? 1 : (MATRIX[colour.matrix ?? ""] ?? guess.matrix),
		fullRange: false,
	};
};

/** True for PQ and HLG, which would look wrong as they are. */
export const isHighDynamicRange = (colour: FrameColour): boolean =>
	colour.transfer === "pq" || colour.transfer === "hlg";
