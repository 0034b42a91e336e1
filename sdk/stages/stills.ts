import { pictureToFrame } from "../../codec/base/video-frame.ts";
import { releasePicture } from "../../codec/picture/gpu-picture.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { ColourSpace } from "../../codec/track.ts";
import { encodePart } from "../../protocol/part.ts";
import type { PicturePath } from "../source/picture-path.ts";
import { fitWithin } from "./plan.ts";

/** A JPEG of one moment of the video: of the storyboard, or the poster. */
export type Still = {
	readonly kind: "poster" | "storyboard";
	/** Microseconds. */
	readonly timestamp: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
};

/** Makes a JPEG whose longest side is at most `side`. @param quality from 0 to 1. */
export type MakeJpeg = (picture: SourcePicture, side: number, quality: number) => Promise<Uint8Array<ArrayBuffer>>;

/** Longest sides and qualities. A storyboard of `MOST` such pictures stays below the 2 MiB that the edge takes. */
const BOARD = { side: 160, quality: 0.6 };
const POSTER = { side: 1280, quality: 0.8 };

/** Pictures of a storyboard: as many as a bar on a large screen can tell apart. */
const MOST = 120;

/** The first frame is often black: the poster is from a tenth of the video on, but not later than this, in microseconds. */
const LATEST_POSTER = 10_000_000;

/**
 * JPEG by the browser's own encoder. The picture is scaled before it is drawn: Chromium keeps a converted copy of every frame that is
 * drawn, as large as the frame, for as long as nothing else on the machine wants the memory.
 */
export const canvasJpeg =
	(colour: ColourSpace, path: PicturePath): MakeJpeg =>
	async (picture, side, quality) => {
		const { width, height } = fitWithin(picture.width, picture.height, side);
		const canvas = new OffscreenCanvas(width, height);
		const small = path.scale(picture, width, height);
		const frame = pictureToFrame(await path.planes(small), 0, colour);
		if (small !== picture) {
			releasePicture(small);
		}
		try {
			canvas.getContext("2d")?.drawImage(frame, 0, 0, width, height);
		} finally {
			frame.close();
		}
		const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
		return new Uint8Array(await blob.arrayBuffer());
	};

/**
 * Takes small pictures of a video on its way to the encoder, for the bar of a player and for lists: the edge decodes nothing. Which
 * moments are taken depends on the video alone, so that an upload that is continued has the same ones.
 */
export class Stills {
	readonly #jpeg: MakeJpeg;
	readonly #posterFrom: number;
	/** Microseconds from one picture of the storyboard to the next, at least. */
	#interval: number;
	/** By time. */
	readonly #board = new Map<number, Uint8Array<ArrayBuffer>>();
	#poster: Still | undefined;

	/** @param duration seconds, where it is known. @param kept what an earlier run took, in the order of time. */
	constructor(duration: number | undefined, jpeg: MakeJpeg, kept: readonly Still[] = []) {
		const length = (duration ?? 0) * 1e6;
		this.#jpeg = jpeg;
		this.#posterFrom = Math.min(LATEST_POSTER, length / 10);
		this.#interval = Math.max(1_000_000, Math.ceil(length / MOST));
		for (const still of kept) {
			if (still.kind === "poster") {
				this.#poster = still;
			} else {
				this.#board.set(still.timestamp, still.bytes);
			}
		}
	}

	/** Looks at a picture, in the order of time. @returns what was taken of it, to be kept. */
	async offer(picture: SourcePicture): Promise<readonly Still[]> {
		const { timestamp } = picture;
		const taken: Still[] = [];
		const before = this.#poster?.timestamp;
		if (before === undefined || (before < this.#posterFrom && timestamp >= this.#posterFrom)) {
			const bytes = await this.#jpeg(picture, POSTER.side, POSTER.quality);
			this.#poster = { kind: "poster", timestamp, bytes };
			taken.push(this.#poster);
		}
		const last = [...this.#board.keys()].at(-1);
		if (last === undefined || this.#slot(timestamp) > this.#slot(last)) {
			const bytes = await this.#jpeg(picture, BOARD.side, BOARD.quality);
			this.#board.set(timestamp, bytes);
			taken.push({ kind: "storyboard", timestamp, bytes });
			this.#thin();
		}
		return taken;
	}

	/** The poster as it stands. */
	get poster(): Uint8Array<ArrayBuffer> | undefined {
		return this.#poster?.bytes;
	}

	/** The storyboard in the framing of a part, as the edge takes it; undefined where there is none. */
	get storyboard(): Uint8Array<ArrayBuffer> | undefined {
		const duration = this.#interval;
		const samples = [...this.#board].map(([timestamp, data]) => ({ data, timestamp, duration, sync: true }));
		return samples.length === 0 ? undefined : encodePart(samples);
	}

	#slot(timestamp: number): number {
		return Math.floor(timestamp / this.#interval);
	}

	/** A video whose end nobody knew may be long: then every other picture goes. */
	#thin(): void {
		if (this.#board.size <= MOST) {
			return;
		}
		this.#interval *= 2;
		let last = -1;
		for (const timestamp of [...this.#board.keys()]) {
			if (this.#slot(timestamp) === last) {
				this.#board.delete(timestamp);
			}
			last = this.#slot(timestamp);
		}
	}
}
