import { CodecError } from "../errors.ts";
import { chromaSide } from "../picture/geometry.ts";
import type { Picture } from "../picture/picture.ts";
import type { ColourSpace } from "../track.ts";

/** WebCodecs' names of the ISO/IEC 23091-2 code points that it knows. */
const PRIMARIES: Readonly<Record<number, VideoColorPrimaries>> = { 1: "bt709", 5: "bt470bg", 6: "smpte170m" };
const TRANSFERS: Readonly<Record<number, VideoTransferCharacteristics>> = {
	1: "bt709",
	6: "smpte170m",
	13: "iec61966-2-1",
};
const MATRICES: Readonly<Record<number, VideoMatrixCoefficients>> = {
	0: "rgb",
	1: "bt709",
	5: "bt470bg",
	6: "smpte170m",
};

/** The colour space as WebCodecs has it; what it has no name for is left out. */
export const toVideoColorSpace = (colour: ColourSpace): VideoColorSpaceInit => ({
	primaries: PRIMARIES[colour.primaries] ?? null,
	transfer: TRANSFERS[colour.transfer] ?? null,
	matrix: MATRICES[colour.matrix] ?? null,
	fullRange: colour.fullRange,
});

/** A picture as a VideoFrame, to be closed by the caller. @param duration microseconds. */
export const pictureToFrame = (picture: Picture, duration: number, colour: ColourSpace): VideoFrame => {
	const { width, height, y, u, v, timestamp } = picture;
	const data = new Uint8Array(y.length + u.length + v.length);
	data.set(y);
	data.set(u, y.length);
	data.set(v, y.length + u.length);
	return new VideoFrame(data, {
		format: "I420",
		codedWidth: width,
		codedHeight: height,
		timestamp,
		duration,
		colorSpace: toVideoColorSpace(colour),
	});
};

/**
 * The visible part of a decoded frame, sample by sample as the decoder wrote it. The frame stays open.
 * @throws CodecError `unsupported-format` for frames that are not 8-bit 4:2:0.
 */
export const frameToPicture = async (frame: VideoFrame): Promise<Picture> => {
	const { format, visibleRect, timestamp } = frame;
	if ((format !== "I420" && format !== "NV12") || visibleRect === null) {
		throw new CodecError(
			"unsupported-format",
			`The decoder gives pictures of the format ${format ?? "(opaque)"}.`,
			{
				hint: "Exact 8-bit 4:2:0 pictures are needed: I420 or NV12.",
			},
		);
	}
	const { width, height } = visibleRect;
	const columns = chromaSide(width);
	const luma = width * height;
	const chroma = columns * chromaSide(height);
	const data = new Uint8Array(luma + 2 * chroma);
	const layout =
		format === "I420"
			? [
					{ offset: 0, stride: width },
					{ offset: luma, stride: columns },
					{ offset: luma + chroma, stride: columns },
				]
			: [
					{ offset: 0, stride: width },
					{ offset: luma, stride: 2 * columns },
				];
	await frame.copyTo(data, { rect: visibleRect, layout });
	const y = data.slice(0, luma);
	if (format === "I420") {
		return { width, height, y, u: data.slice(luma, luma + chroma), v: data.slice(luma + chroma), timestamp };
	}
	const pairs = data.subarray(luma);
	const every = (first: number) =>
		Uint8Array.from({ length: chroma }, (_, index) => pairs[2 * index + first] as number);
	return { width, height, y, u: every(0), v: every(1), timestamp };
};
