import { inflateSync } from "node:zlib";

/** Pixels of a picture, RGBA, row by row. */
export type Pixels = { readonly width: number; readonly height: number; readonly data: Uint8Array };

const SIGNATURE = "89504e470d0a1a0a";

/**
 * The pixels of a screenshot: a PNG of 8 bits, with or without alpha, not interlaced, which is what browsers write (PNG, third edition).
 *
 * @throws TypeError for any other
 */
export function readPng(file: Uint8Array): Pixels {
	const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
	if (bytes.subarray(0, 8).toString("hex") !== SIGNATURE) throw new TypeError("This is no PNG file.");
	const parts: Buffer[] = [];
	for (let at = 8; at < bytes.length;) {
		const length = bytes.readUInt32BE(at);
		if (bytes.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(bytes.subarray(at + 8, at + 8 + length));
		at += 12 + length;
	}
	// The header is always the first chunk: width, height, depth, colour type, compression, filter, interlacing.
	const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
	const [depth, colourType, , , interlaced] = bytes.subarray(24, 29);
	const channels = colourType === 2 ? 3 : colourType === 6 ? 4 : 0;
	if (depth !== 8 || channels === 0 || interlaced !== 0) throw new TypeError("No browser writes PNG of this kind.");
	const rows = unfilter(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
	if (channels === 4) return { width, height, data: rows };
	const data = new Uint8Array(4 * width * height).fill(255);
	for (let from = 0, to = 0; to < data.length; from += 3, to += 4) {
		data.set(rows.subarray(from, from + 3), to);
	}
	return { width, height, data };
}

/** Clause 9: each byte was written as its difference from what its neighbours (left, above, above left) predict. */
function unfilter(filtered: Uint8Array, stride: number, height: number, channels: number): Uint8Array {
	const rows = new Uint8Array(stride * height);
	for (let row = 0; row < height; row++) {
		const type = filtered[row * (stride + 1)] ?? 0;
		const start = row * stride;
		for (let column = 0; column < stride; column++) {
			const at = start + column;
			const left = column < channels ? 0 : (rows[at - channels] ?? 0);
			const above = rows[at - stride] ?? 0;
			const corner = column < channels ? 0 : (rows[at - stride - channels] ?? 0);
			rows[at] = (filtered[at + row + 1] ?? 0) + predict(type, left, above, corner);
		}
	}
	return rows;
}

function predict(type: number, left: number, above: number, corner: number): number {
	switch (type) {
		case 0:
			return 0;
		case 1:
			return left;
		case 2:
			return above;
		case 3:
			return (left + above) >> 1;
		case 4: {
			const estimate = left + above - corner;
			const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - above), Math.abs(estimate - corner)];
			if (a <= b && a <= c) return left;
			return b <= c ? above : corner;
		}
		default:
			throw new TypeError(`There is no filter of type ${type}.`);
	}
}
