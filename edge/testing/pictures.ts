/** The headers of a JPEG of this size, and a few bytes that tell it from others: all of it that the edge looks at. */
export const jpegOf = (width: number, height: number, seed: number): Uint8Array<ArrayBuffer> => {
	const sides = [height >> 8, height & 255, width >> 8, width & 255];
	return new Uint8Array([
		...[0xff, 0xd8],
		...[0xff, 0xe0, 0, 4, seed, seed],
		...[0xff, 0xc0, 0, 11, 8, ...sides, 1, 1, 0x11, 0],
		...[0xff, 0xd9, seed],
	]);
};
