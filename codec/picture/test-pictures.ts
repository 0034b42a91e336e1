import { chromaSide } from "./geometry.ts";
import type { Picture } from "./picture.ts";

/** A picture for tests: a soft gradient with texture that moves by `time` samples a frame, the same for the same arguments. */
export const testPicture = (width: number, height: number, time = 0, timestamp = time * 40_000): Picture => {
	const plane = (columns: number, rows: number, seed: number, speed: number): Uint8Array =>
		Uint8Array.from({ length: columns * rows }, (_, index) => {
			const x = (index % columns) + time * speed;
			const y = Math.floor(index / columns);
			const wave = 60 * Math.sin(x / 9 + seed) + 40 * Math.cos(y / 7 - seed);
			return 128 + wave + (((x * 7 + y * 13 + seed * 5) % 11) - 5);
		});
	return {
		width,
		height,
		y: plane(width, height, 1, 2),
		u: plane(chromaSide(width), chromaSide(height), 2, 1),
		v: plane(chromaSide(width), chromaSide(height), 3, 1),
		timestamp,
	};
};

/** `count` of them. */
export const testPictures = (width: number, height: number, count: number): Picture[] =>
	Array.from({ length: count }, (_, time) => testPicture(width, height, time));
