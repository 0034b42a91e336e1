import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { readY4m } from "../../codec/picture/y4m.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { createReadStream } from "node:fs";
import { ffmpeg } from "./commands.ts";

/** A rectangle of the page in CSS pixels. */
export interface Rectangle {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

/** All pictures of a y4m file. */
export async function readPictures(path: string): Promise<Picture[]> {
	const { pictures } = await readY4m(createReadStream(path));
	const result: Picture[] = [];
	for await (const picture of pictures) result.push(picture);
	return result;
}

/** What the page really shows in a rectangle, as RGB bytes: taken from the compositor, not from any element. */
export async function screenPixels(page: Page, area: Rectangle, folder: string): Promise<Uint8Array> {
	const path = join(folder, "screen.png");
	await writeFile(path, await page.screenshot({ clip: area }));
	return ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-");
}

/** Sides of a picture in samples. */
export interface Size {
	readonly width: number;
	readonly height: number;
}

/**
 * Frame `index` of a video file as it should look in a rectangle of the screen, as RGB bytes.
 * @param covers samples of the full picture that the file's pictures cover, where that is more than the picture has: what
 * lies beyond its right and lower edge is not shown
 */
export async function expectedPixels(
	file: string,
	index: number,
	{ width, height }: Rectangle,
	covers?: { readonly picture: Size; readonly covered: Size },
): Promise<Uint8Array> {
	const across = covers === undefined ? 1 : covers.covered.width / covers.picture.width;
	const down = covers === undefined ? 1 : covers.covered.height / covers.picture.height;
	const scale = `scale=${Math.round(width * across)}:${Math.round(height * down)}:flags=bilinear`;
	const filter = `select=eq(n\\,${index}),${scale}:in_range=tv:in_color_matrix=bt601,crop=${width}:${height}:0:0`;
	return ffmpeg("-i", file, "-vf", filter, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-");
}

/** PSNR in dB of the rows of a picture between two heights (0..1): controls lie over the rest. */
export function psnrOfRows(a: Uint8Array, b: Uint8Array, area: Rectangle, from: number, to: number): number {
	if (a.length !== b.length || a.length !== area.width * area.height * 3) {
		throw new RangeError(`pictures of ${a.length} and ${b.length} bytes are not ${area.width}x${area.height}`);
	}
	const row = area.width * 3;
	const [start, end] = [Math.round(from * area.height) * row, Math.round(to * area.height) * row];
	let sum = 0;
	for (let i = start; i < end; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
	return 10 * Math.log10((255 * 255 * (end - start)) / Math.max(sum, 1e-9));
}
