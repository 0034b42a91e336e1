import { CodecError } from "../../codec/errors.ts";
import { hashPicture } from "../../codec/hash/picture-hash.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Presenter, ShownFrame } from "./presenter.ts";

/** What `captureEnhanced` gives: for tests and bug reports. */
export type CapturedPicture = {
	/** Microseconds as in the enhancement's track. */
	readonly timestamp: number;
	/** Microseconds on the media timeline. */
	readonly mediaTime: number;
	/** The decoded samples. */
	readonly picture: Picture;
	/** CRC-32C of the samples, as in the stream (SPEC section 6). */
	readonly hash: number;
	/** The pixels of the canvas, visible part. */
	readonly pixels: ImageData;
};

/**
 * The enhanced picture of the frame at the playhead, as it is on the canvas now.
 *
 * @returns undefined where the base is shown, and while a seek is under way
 * @throws CodecError `invalid-option` where the samples of the picture were not kept
 */
export async function capturePicture(presenter: Presenter): Promise<CapturedPicture | undefined> {
	const { shown, settled } = presenter;
	const pixels = presenter.readPixels();
	if (!settled || !shown || !pixels) return undefined;
	const { timestamp, mediaTime } = shown;
	const picture = shown.picture ?? (await samplesOf(shown));
	return { timestamp, mediaTime, picture, hash: hashPicture(picture), pixels };
}

/** The samples of an image that still has them: a picture of the WASM backend. */
async function samplesOf({ image, width, height, timestamp }: ShownFrame): Promise<Picture> {
	if (!("format" in image) || image.format !== "I420") {
		throw new CodecError("invalid-option", "The samples of this picture were not kept.", {
			hint: "Set the element's attribute debug before the picture is decoded.",
		});
	}
	const chromaWidth = (width + 1) >> 1;
	const chromaHeight = (height + 1) >> 1;
	const luma = width * height;
	const chroma = chromaWidth * chromaHeight;
	const bytes = new Uint8Array(luma + 2 * chroma);
	// The presenter frees its image as soon as the next frame is drawn.
	const own = image.clone();
	try {
		await own.copyTo(bytes, {
			rect: { x: 0, y: 0, width, height },
			layout: [
				{ offset: 0, stride: width },
				{ offset: luma, stride: chromaWidth },
				{ offset: luma + chroma, stride: chromaWidth },
			],
		});
	} finally {
		own.close();
	}
	const [y, u, v] = [bytes.subarray(0, luma), bytes.subarray(luma, luma + chroma), bytes.subarray(luma + chroma)];
	return { width, height, y, u, v, timestamp };
}
