import type { VideoSample } from "mediabunny";
import type { WebGpuExecutor } from "../../codec/model/webgpu-executor.ts";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import { GpuPicture } from "../../codec/picture/gpu-picture.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import { GpuPictures } from "../../codec/picture/gpu-pictures.ts";
import type { FrameReading } from "../../codec/picture/gpu-pictures.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { resolveColour } from "./colour.ts";
import type { PicturePath } from "./picture-path.ts";
import { toPicture } from "./to-picture.ts";

/** Formats whose frames a browser keeps on the GPU, if it does: what hardware decoders, canvases and screens give. */
const PIXELS = new Set(["RGBA", "RGBX", "BGRA", "BGRX"]);
const PAIRS = "NV12";

/** Weights of red and blue in luma, by ISO/IEC 23091-2 matrix coefficients. */
const MATRICES: Readonly<Record<number, { readonly red: number; readonly blue: number }>> = {
	1: { red: 0.2126, blue: 0.0722 },
	5: { red: 0.299, blue: 0.114 },
	6: { red: 0.299, blue: 0.114 },
};
const BT709_PRIMARIES = 1;

/** Mean distance of the samples, in code values, up to which what the browser hands to the GPU is what the frame holds. */
const LUMA_TOLERANCE = 0.5;
const CHROMA_TOLERANCE = 1;
/** A picture whose luma and chroma spread over less, in code values, proves nothing. */
const TELLING_SPREAD = 24;

/**
 * Pictures on the GPU that encodes; what leaves it is the picture at base size. Frames that are there already are converted
 * there; frames in memory (a software decoder's) are copied to it, exactly as they are.
 *
 * WebGPU shows frames only as RGB, in the browser's own conversion. What that does to a frame is not to be known beforehand, so
 * the first telling frame is read both ways, and the short way is taken only if both agree.
 */
export class GpuPath implements PicturePath {
	readonly #gpu: GpuPictures;
	/** Whether frames are converted where they are; undefined until a frame has told. */
	#direct: boolean | undefined;

	constructor(executor: WebGpuExecutor) {
		this.#gpu = new GpuPictures(executor);
	}

	async take(sample: VideoSample, timestamp: number): Promise<GpuPicture> {
		const reading = this.#direct === false ? undefined : readingOf(sample, timestamp);
		if (reading === undefined) {
			return this.#gpu.upload(await toPicture(sample, timestamp));
		}
		const converted = this.#convert(sample, reading);
		if (this.#direct === true || sample.format === null) {
			return converted ?? this.#gpu.upload(await toPicture(sample, timestamp));
		}
		const exact = await toPicture(sample, timestamp);
		if (converted !== undefined && isTelling(exact)) {
			this.#direct = isFaithful(await this.#gpu.download(converted), exact);
			if (this.#direct) {
				return converted;
			}
		}
		converted?.release();
		return this.#gpu.upload(exact);
	}

	scale(picture: SourcePicture, width: number, height: number): GpuPicture {
		const held = this.#onGpu(picture);
		return held.width === width && held.height === height ? held : this.#gpu.resize(held, width, height);
	}

	async downscale(picture: SourcePicture): Promise<Picture> {
		// Pictures in memory were taken before the GPU was open.
		return picture instanceof GpuPicture ? this.#gpu.downscale(picture) : downscalePicture(picture);
	}

	async planes(picture: SourcePicture): Promise<Picture> {
		return picture instanceof GpuPicture ? this.#gpu.download(picture) : picture;
	}

	/** Undefined where this browser does not bring such a frame to the GPU: then none of the others either. */
	#convert(sample: VideoSample, reading: FrameReading): GpuPicture | undefined {
		const frame = sample.toVideoFrame();
		try {
			return this.#gpu.fromFrame(frame, reading);
		} catch (error) {
			// The specification's word for a frame that cannot be imported, and a browser that has no such function.
			if (error instanceof DOMException || error instanceof TypeError) {
				this.#direct = false;
				return undefined;
			}
			throw error;
		} finally {
			frame.close();
		}
	}

	#onGpu(picture: SourcePicture): GpuPicture {
		return picture instanceof GpuPicture ? picture : this.#gpu.upload(picture);
	}
}

/** How a frame becomes a picture on the GPU; undefined for frames that lie in memory, and where colours or shape would suffer. */
const readingOf = (sample: VideoSample, timestamp: number): FrameReading | undefined => {
	const { format, colorSpace, visibleRect, rotation, flip } = sample;
	const { primaries, matrix: code } = resolveColour(colorSpace, visibleRect.height);
	const pixels = format !== null && PIXELS.has(format);
	const matrix = pixels ? "pixels" : MATRICES[code];
	const onGpu = pixels || format === PAIRS || format === null;
	const square = sample.squarePixelWidth === visibleRect.width && sample.squarePixelHeight === visibleRect.height;
	// Other primaries are brought to those of the screen, which does not come back.
	if (!onGpu || !square || matrix === undefined || primaries !== BT709_PRIMARIES) {
		return undefined;
	}
	const sideways = rotation % 180 !== 0;
	const [width, height] = sideways
		? [visibleRect.height, visibleRect.width]
		: [visibleRect.width, visibleRect.height];
	return { width, height, rotation, flip, matrix, timestamp };
};

const spread = (plane: Uint8Array): number => {
	let [least, most] = [255, 0];
	for (const sample of plane) {
		least = Math.min(least, sample);
		most = Math.max(most, sample);
	}
	return most - least;
};

/** Whether a picture has light, dark and colours enough to tell a wrong conversion from a right one. */
const isTelling = ({ y, u, v }: Picture): boolean =>
	spread(y) >= TELLING_SPREAD && Math.max(spread(u), spread(v)) >= TELLING_SPREAD;

const meanDistance = (left: Uint8Array, right: Uint8Array): number =>
	left.reduce((sum, sample, i) => sum + Math.abs(sample - (right[i] as number)), 0) / left.length;

/** Whether a picture is what it should be, but for rounding. */
export const isFaithful = (seen: Picture, exact: Picture): boolean =>
	seen.width === exact.width &&
	seen.height === exact.height &&
	meanDistance(seen.y, exact.y) <= LUMA_TOLERANCE &&
	meanDistance(seen.u, exact.u) <= CHROMA_TOLERANCE &&
	meanDistance(seen.v, exact.v) <= CHROMA_TOLERANCE;
