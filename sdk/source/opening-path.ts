import type { VideoSample } from "mediabunny";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { MemoryPath } from "./picture-path.ts";
import type { PicturePath } from "./picture-path.ts";

/**
 * Through memory at first, so that the first seconds of the base need nothing that has to be loaded; over the GPU once it is open. Both
 * give the same pictures, and the GPU takes those that came before.
 */
export class OpeningPath implements PicturePath {
	#path: PicturePath = new MemoryPath();

	/** From now on pictures go this way. */
	open(path: PicturePath): void {
		this.#path = path;
	}

	take(sample: VideoSample, timestamp: number): Promise<SourcePicture> {
		return this.#path.take(sample, timestamp);
	}

	scale(picture: SourcePicture, width: number, height: number): SourcePicture {
		return this.#path.scale(picture, width, height);
	}

	downscale(picture: SourcePicture): Promise<Picture> {
		return this.#path.downscale(picture);
	}

	planes(picture: SourcePicture): Promise<Picture> {
		return this.#path.planes(picture);
	}
}
