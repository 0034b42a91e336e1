/** A kind of picture that browsers show. */
export type ImageType = { readonly name: "jpeg" | "png" | "webp" | "avif"; readonly extension: string };

/** Width and height in samples. */
export type PictureSize = { readonly width: number; readonly height: number };

/** What a picture's bytes say that it is, whatever its sender says; undefined for everything else. */
export const imageType = (bytes: Uint8Array): ImageType | undefined =>
	IMAGE_TYPES.find(({ matches }) => matches(bytes));

/** The size in the header of a JPEG, PNG or WebP; undefined where there is none. */
export const pictureSize = (bytes: Uint8Array): PictureSize | undefined => {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	switch (imageType(bytes)?.name) {
		case "jpeg":
			return jpegSize(view);
		case "png":
			// The first chunk is IHDR: width and height.
			return bytes.length < 24 ? undefined : { width: view.getUint32(16), height: view.getUint32(20) };
		case "webp":
			return bytes.length < 30 ? undefined : webpSize(view);
		default:
			return undefined;
	}
};

/** ISO/IEC 10918-1, B.2.2: the frame header, SOF0 to SOF15 but DHT, JPG and DAC. */
const jpegSize = (view: DataView): PictureSize | undefined => {
	let offset = 2;
	while (offset + 9 <= view.byteLength && view.getUint8(offset) === 0xff) {
		const marker = view.getUint8(offset + 1);
		const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
		if (isFrame) return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
		const length = view.getUint16(offset + 2);
		if (length < 2) return undefined;
		offset += 2 + length;
	}
	return undefined;
};

/** RFC 9649, sections 2.5 to 2.7; RFC 6386, section 9.1. */
const webpSize = (view: DataView): PictureSize | undefined => {
	const chunk = String.fromCharCode(...[12, 13, 14, 15].map((at) => view.getUint8(at)));
	const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
	if (chunk === "VP8X") return { width: uint24(24) + 1, height: uint24(27) + 1 };
	if (chunk === "VP8 ") {
		return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
	}
	if (chunk !== "VP8L") return undefined;
	const bits = view.getUint32(21, true);
	return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
};

const startsWith = (bytes: Uint8Array, prefix: readonly number[], offset = 0): boolean =>
	prefix.every((byte, index) => bytes[offset + index] === byte);

const IMAGE_TYPES: readonly (ImageType & { matches: (bytes: Uint8Array) => boolean })[] = [
	{ name: "jpeg", extension: "jpg", matches: (bytes) => startsWith(bytes, [0xff, 0xd8, 0xff]) },
	{ name: "png", extension: "png", matches: (bytes) => startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]) },
	{
		name: "webp",
		extension: "webp",
		// "RIFF", a length, "WEBP"
		matches: (bytes) =>
			startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, [0x57, 0x45, 0x42, 0x50], 8),
	},
	{
		name: "avif",
		extension: "avif",
		// A length, "ftypavif"
		matches: (bytes) => startsWith(bytes, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66], 4),
	},
];
