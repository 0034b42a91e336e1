import { chromaSide } from "./geometry.ts";
import type { Picture } from "./picture.ts";

/** One plane in a packed picture. */
export type PackedPlane = {
	readonly width: number;
	readonly height: number;
	/** Distance of rows in bytes: the width rounded up to whole words. */
	readonly stride: number;
	/** Of the first sample, in bytes; whole words. */
	readonly offset: number;
};

/** How a picture lies in a GPU buffer: Y, U, V one after the other, four samples in a 32-bit word, the first lowest. */
export type PackedLayout = {
	readonly planes: readonly [PackedPlane, PackedPlane, PackedPlane];
	readonly bytes: number;
};

/** @param width visible luma width, any parity. @param height likewise */
export const packedLayout = (width: number, height: number): PackedLayout => {
	let bytes = 0;
	const plane = (columns: number, rows: number): PackedPlane => {
		const stride = 4 * Math.ceil(columns / 4);
		const offset = bytes;
		bytes += stride * rows;
		return { width: columns, height: rows, stride, offset };
	};
	const luma = plane(width, height);
	const [u, v] = [plane(chromaSide(width), chromaSide(height)), plane(chromaSide(width), chromaSide(height))];
	return { planes: [luma, u, v], bytes };
};

/** The bytes of a packed picture. */
export const packPicture = (picture: Picture): Uint8Array<ArrayBuffer> => {
	const { planes, bytes } = packedLayout(picture.width, picture.height);
	const packed = new Uint8Array(bytes);
	for (const [i, samples] of [picture.y, picture.u, picture.v].entries()) {
		const { width, height, stride, offset } = planes[i] as PackedPlane;
		for (let y = 0; y < height; y++) packed.set(samples.subarray(y * width, (y + 1) * width), offset + y * stride);
	}
	return packed;
};

/** The picture in the bytes of {@link packPicture}. */
export const unpackPicture = (packed: Uint8Array, width: number, height: number, timestamp: number): Picture => {
	const { planes } = packedLayout(width, height);
	const [y, u, v] = planes.map((plane) => {
		const samples = new Uint8Array(plane.width * plane.height);
		for (let row = 0; row < plane.height; row++) {
			const from = plane.offset + row * plane.stride;
			samples.set(packed.subarray(from, from + plane.width), row * plane.width);
		}
		return samples;
	}) as [Uint8Array, Uint8Array, Uint8Array];
	return { width, height, y, u, v, timestamp };
};
