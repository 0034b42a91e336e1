/**
 * Raw samples of any layout that a browser hands out, to 8-bit 4:2:0 of limited range. Pure functions over planes.
 *
 * Chroma is kept where MPEG-2 and H.264 put it by default: level with every second luma column, between two luma rows.
 */

/** One plane inside a larger buffer. */
export type Plane = {
	readonly data: Uint8Array | Uint16Array;
	/** In samples. */
	readonly offset: number;
	/** In samples. */
	readonly stride: number;
};

/** How samples of a planar format lie. */
export type PlanarLayout = {
	/** 8, 10 or 12; above 8 a sample takes two bytes, little-endian. */
	readonly bits: number;
	/** log2 of the subsampling in each direction. */
	readonly shiftX: 0 | 1;
	readonly shiftY: 0 | 1;
};

const PLANAR: Readonly<Record<string, readonly [0 | 1, 0 | 1]>> = { I420: [1, 1], I422: [1, 0], I444: [0, 0] };

/** @returns the layout of `I420`, `I422P10`, `I444AP12` and the like (alpha is not read), or undefined for other formats. */
export const planarLayout = (format: string): PlanarLayout | undefined => {
	const match = /^(I420|I422|I444)A?(?:P(10|12))?$/.exec(format);
	const shifts = match === null ? undefined : PLANAR[match[1] ?? ""];
	return shifts === undefined ? undefined : { bits: Number(match?.[2] ?? 8), shiftX: shifts[0], shiftY: shifts[1] };
};

/** Copies a plane, rounding samples of more than 8 bits. */
export const packPlane = (plane: Plane, width: number, height: number, bits: number): Uint8Array => {
	const out = new Uint8Array(width * height);
	if (bits === 8) {
		for (let y = 0; y < height; y++) {
			const start = plane.offset + y * plane.stride;
			out.set(plane.data.subarray(start, start + width), y * width);
		}
		return out;
	}
	const shift = bits - 8;
	const half = 1 << (shift - 1);
	for (let y = 0; y < height; y++) {
		const start = plane.offset + y * plane.stride;
		for (let x = 0; x < width; x++) {
			out[y * width + x] = Math.min(255, ((plane.data[start + x] as number) + half) >> shift);
		}
	}
	return out;
};

/** Two planes of half width from one with their samples in turns (the second plane of NV12). */
export const splitPairs = (plane: Plane, width: number, height: number): readonly [Uint8Array, Uint8Array] => {
	const first = new Uint8Array(width * height);
	const second = new Uint8Array(width * height);
	for (let y = 0; y < height; y++) {
		const start = plane.offset + y * plane.stride;
		for (let x = 0; x < width; x++) {
			first[y * width + x] = plane.data[start + 2 * x] as number;
			second[y * width + x] = plane.data[start + 2 * x + 1] as number;
		}
	}
	return [first, second];
};

/** Halves a plane in one or both directions: (1 2 1) / 4 around every second column, the mean of two rows. */
export const halvePlane = (
	plane: Uint8Array,
	width: number,
	height: number,
	horizontally: boolean,
	vertically: boolean,
): Uint8Array => {
	const outWidth = horizontally ? (width + 1) >> 1 : width;
	const outHeight = vertically ? (height + 1) >> 1 : height;
	const out = new Uint8Array(outWidth * outHeight);
	for (let y = 0; y < outHeight; y++) {
		const upper = (vertically ? 2 * y : y) * width;
		const lower = vertically && 2 * y + 1 < height ? upper + width : upper;
		for (let x = 0; x < outWidth; x++) {
			if (!horizontally) {
				out[y * outWidth + x] = ((plane[upper + x] as number) + (plane[lower + x] as number) + 1) >> 1;
				continue;
			}
			const middle = 2 * x;
			const left = Math.max(0, middle - 1);
			const right = Math.min(width - 1, middle + 1);
			const sum =
				(plane[upper + left] as number) +
				2 * (plane[upper + middle] as number) +
				(plane[upper + right] as number) +
				(plane[lower + left] as number) +
				2 * (plane[lower + middle] as number) +
				(plane[lower + right] as number);
			out[y * outWidth + x] = (sum + 4) >> 3;
		}
	}
	return out;
};

const LUMA_TO_LIMITED = Uint8Array.from({ length: 256 }, (_, value) => Math.round(16 + (value * 219) / 255));
const CHROMA_TO_LIMITED = Uint8Array.from({ length: 256 }, (_, value) => Math.round(128 + ((value - 128) * 224) / 255));

/** Brings full-range samples (0..255) to limited range (16..235, chroma 16..240), in place. */
export const toLimitedRange = (plane: Uint8Array, kind: "luma" | "chroma"): void => {
	const table = kind === "luma" ? LUMA_TO_LIMITED : CHROMA_TO_LIMITED;
	for (let i = 0; i < plane.length; i++) {
		plane[i] = table[plane[i] as number] as number;
	}
};

/**
 * RGB of full range to 4:2:0 of limited range by the BT.709 matrix (ITU-R BT.709-6, items 3.2 to 3.5), in 16-bit fixed point.
 * @param order position of red, green, blue among the four bytes of a pixel. The fourth is not read.
 */
export const rgbToPlanes = (
	pixels: Plane,
	width: number,
	height: number,
	order: readonly [number, number, number],
): { readonly y: Uint8Array; readonly u: Uint8Array; readonly v: Uint8Array } => {
	const luma = new Uint8Array(width * height);
	const blue = new Uint8Array(width * height);
	const red = new Uint8Array(width * height);
	const { data } = pixels;
	for (let row = 0; row < height; row++) {
		for (let column = 0; column < width; column++) {
			const at = pixels.offset + row * pixels.stride + 4 * column;
			const r = data[at + order[0]] as number;
			const g = data[at + order[1]] as number;
			const b = data[at + order[2]] as number;
			const out = row * width + column;
			luma[out] = (1081344 + 11966 * r + 40254 * g + 4064 * b) >> 16;
			blue[out] = (8421376 - 6596 * r - 22189 * g + 28785 * b) >> 16;
			red[out] = (8421376 + 28784 * r - 26145 * g - 2639 * b) >> 16;
		}
	}
	return {
		y: luma,
		u: halvePlane(blue, width, height, true, true),
		v: halvePlane(red, width, height, true, true),
	};
};

/** Turns a plane clockwise by `rotation` degrees, then mirrors it left to right if `flip`. */
export const turnPlane = (
	plane: Uint8Array,
	width: number,
	height: number,
	rotation: 0 | 90 | 180 | 270,
	flip: boolean,
): Uint8Array => {
	if (rotation === 0 && !flip) {
		return plane;
	}
	const sideways = rotation === 90 || rotation === 270;
	const outWidth = sideways ? height : width;
	const outHeight = sideways ? width : height;
	const out = new Uint8Array(plane.length);
	// Source position as a function of the position after rotation: origin and one step per output column and row.
	const [origin, stepX, stepY] = {
		0: [0, 1, width] as const,
		90: [(height - 1) * width, -width, 1] as const,
		180: [height * width - 1, -1, -width] as const,
		270: [width - 1, width, -1] as const,
	}[rotation];
	for (let y = 0; y < outHeight; y++) {
		for (let x = 0; x < outWidth; x++) {
			const column = flip ? outWidth - 1 - x : x;
			out[y * outWidth + x] = plane[origin + column * stepX + y * stepY] as number;
		}
	}
	return out;
};
