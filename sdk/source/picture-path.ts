import type { VideoSample } from "mediabunny";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import { GpuPicture } from "../../codec/picture/gpu-picture.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { Resizer } from "../../codec/picture/resize.ts";
import { UploadError } from "../errors.ts";
import { toPicture } from "./to-picture.ts";

/**
 * The way of pictures from the decoder to the encoders: through memory (`MemoryPath`), or over the GPU that encodes (`GpuPath`).
 * Pictures that a path made are for that path alone.
 */
export interface PicturePath {
	/**
	 * The visible part of a decoded frame as 8-bit 4:2:0 of limited range, turned the way it is shown. The sample is not closed.
	 * @param timestamp of the picture, microseconds.
	 */
	take(sample: VideoSample, timestamp: number): Promise<SourcePicture>;
	/** The picture at another size: itself where it has that size, else a new one. The old one stays. */
	scale(picture: SourcePicture, width: number, height: number): SourcePicture;
	/** The picture at base size, for the base's encoder. It stays. */
	downscale(picture: SourcePicture): Promise<Picture>;
	/** The picture's samples in memory. It stays. */
	planes(picture: SourcePicture): Promise<Picture>;
}

/** Pictures in memory, all work on the processor. */
export class MemoryPath implements PicturePath {
	readonly #resizers = new Map<string, Resizer>();

	take(sample: VideoSample, timestamp: number): Promise<Picture> {
		return toPicture(sample, timestamp);
	}

	scale(picture: SourcePicture, width: number, height: number): Picture {
		const planes = inMemory(picture);
		if (planes.width === width && planes.height === height) {
			return planes;
		}
		const key = `${planes.width}x${planes.height} ${width}x${height}`;
		const resizer = this.#resizers.get(key) ?? new Resizer(planes.width, planes.height, width, height);
		this.#resizers.set(key, resizer);
		return resizer.resize(planes);
	}

	async downscale(picture: SourcePicture): Promise<Picture> {
		return downscalePicture(inMemory(picture));
	}

	async planes(picture: SourcePicture): Promise<Picture> {
		return inMemory(picture);
	}
}

const inMemory = (picture: SourcePicture): Picture => {
	if (picture instanceof GpuPicture) {
		throw new UploadError("encoder-failed", "A picture on the GPU came to a stage that works in memory.");
	}
	return picture;
};
