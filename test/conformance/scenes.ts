/** Synthetic pictures that the conformance streams are made of: small, deterministic, and hard in different ways. */
import type { Picture } from "../../codec/picture/picture.ts";

export type Scene = (width: number, height: number, index: number) => Picture;

/** Frames of all streams are shown at 25 a second. */
export const FRAME_DURATION = 40_000;

function paint(
	width: number,
	height: number,
	index: number,
	sample: (x: number, y: number, plane: 0 | 1 | 2) => number,
): Picture {
	const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
	const plane = (columns: number, rows: number, name: 0 | 1 | 2) => {
		const out = new Uint8ClampedArray(columns * rows);
		for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) out[y * columns + x] = sample(x, y, name);
		return new Uint8Array(out.buffer);
	};
	return {
		width,
		height,
		y: plane(width, height, 0),
		u: plane(w, h, 1),
		v: plane(w, h, 2),
		timestamp: index * FRAME_DURATION,
	};
}

/** A hash as noise: the same for the same arguments, on every machine. */
function noise(x: number, y: number, plane: number, index: number): number {
	let h =
		(Math.imul(x + 1, 0x9e3779b1) ^ Math.imul(y + 1, 0x85ebca6b)) + Math.imul(plane * 64 + index + 1, 0xc2b2ae35);
	h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
	h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
	return (h ^ (h >>> 15)) & 255;
}

/** Waves and a checkered texture. */
function texture(x: number, y: number, plane: number): number {
	if (plane === 0) return 128 + 60 * Math.sin(x / 5) * Math.cos(y / 7) + (((x >> 3) + (y >> 3)) & 1) * 24;
	return 128 + 40 * Math.sin((x + 3 * plane) / 6) * Math.cos(y / (4 + plane));
}

/** A texture that slides by fractions of a sample, with a dark square that flies the other way and leaves the picture. */
export const moving: Scene = (width, height, index) =>
	paint(width, height, index, (x, y, plane) => {
		const scale = plane === 0 ? 1 : 0.5;
		const [sx, sy] = [x - 1.75 * index * scale, y + 0.5 * index * scale];
		const left = (width - 20 - 13 * index) * scale;
		const inside = x >= left && x < left + 18 * scale && y >= 10 * scale && y < 30 * scale;
		return inside ? 40 + 50 * plane : texture(sx, sy, plane) + noise(x, y, plane, index) / 32;
	});

/** Nothing moves: inter frames cost next to nothing. */
export const still: Scene = (width, height, index) =>
	paint(width, height, index, (x, y, plane) => texture(x, y, plane));

/** Noise of the full range, new in each frame: large symbols, escapes, clipping. */
export const storm: Scene = (width, height, index) =>
	paint(width, height, index, (x, y, plane) => noise(x, y, plane, index));

/** Black, then white, then stripes between both: every clip of the path at work. */
export const extremes: Scene = (width, height, index) =>
	paint(width, height, index, (x, y, plane) => {
		if (index % 3 === 2) return ((x >> 1) + y) & 1 ? 255 : 0;
		return index % 3 === 0 ? 0 : plane === 2 ? 0 : 255;
	});
