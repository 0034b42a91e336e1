import type { Picture } from "../../codec/picture/picture.ts";
import { FrameQueue, isSameFrame } from "./frame-queue.ts";
import type { FrameMessage } from "./messages.ts";

/** What the canvas shows. */
export type ShownFrame = Pick<
	FrameMessage,
	"mediaTime" | "timestamp" | "duration" | "width" | "height" | "image" | "picture" | "q"
>;

export type PresenterListener = {
	/** So many pictures were freed: the worker may send as many more. */
	readonly released: (count: number) => void;
	/** The canvas became visible or hidden. */
	readonly visible: (visible: boolean) => void;
	/** The video showed a frame at this media time (microseconds); `enhanced`: with its enhanced picture. */
	readonly presented: (mediaTime: number, enhanced: boolean) => void;
};

/** Pictures that must be ready ahead before the canvas shows itself again, so that it does not flicker in and out. */
const READY_AHEAD = 3;

/** A sample of the video's size, four times larger than the base: see `canvasSize`. */
const CANVAS_STEP = 8;

/**
 * Draws enhanced pictures over the video, on the video's clock: whenever the video shows a frame, the canvas shows the
 * enhanced picture of that very frame, or hides, and the base is seen.
 */
export class Presenter {
	readonly #video: HTMLVideoElement;
	readonly #canvas: HTMLCanvasElement;
	readonly #context: CanvasRenderingContext2D;
	readonly #listener: PresenterListener;
	readonly #queue = new FrameQueue<FrameMessage>();
	#callback: number;
	/** Media time of the frame that the video shows, in microseconds; undefined before the first. */
	#current: number | undefined;
	/** Drawn last; its image is kept open so that it can be captured. */
	#shown: FrameMessage | undefined;
	#visible = false;
	#suspended = false;
	#ended = false;

	constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, listener: PresenterListener) {
		const context = canvas.getContext("2d", { alpha: false });
		if (!context) throw new DOMException("The canvas has no 2D context.", "NotSupportedError");
		this.#video = video;
		this.#canvas = canvas;
		this.#context = context;
		this.#listener = listener;
		this.#callback = video.requestVideoFrameCallback(this.#onVideoFrame);
	}

	/** Media time of the frame that the video shows, in microseconds; undefined before the first one seen here. */
	get current(): number | undefined {
		return this.#current;
	}

	/** Whether the canvas shows the enhanced picture of the current frame. */
	get visible(): boolean {
		return this.#visible;
	}

	/** Pictures ready for frames to come. */
	get ahead(): number {
		return this.#queue.length;
	}

	/** Media time of the first picture that waits, in microseconds. */
	get readyFrom(): number | undefined {
		return this.#queue.start;
	}

	/** The playhead jumps: until the video shows its next frame, nothing is known to be late. */
	forgetCurrent(): void {
		this.#current = undefined;
	}

	/** Takes a picture from the worker. While the video stands still, the picture of the standing frame is drawn at once. */
	offer(frame: FrameMessage): void {
		const current = this.#current;
		const standing = this.#video.paused || this.#isStarved();
		if (standing && !this.#video.seeking && this.#isOnScreen(frame)) {
			this.#draw(frame);
			this.#show(!this.#suspended);
			return;
		}
		if (current !== undefined && frame.mediaTime < current) {
			this.#free([frame]);
			return;
		}
		const replaced = this.#queue.add(frame);
		if (replaced) this.#free([replaced]);
	}

	/** Forgets the pictures that wait; what is on the canvas stays until the video shows another frame. */
	clear(): void {
		this.#free(this.#queue.clear());
	}

	/** Hides the canvas at once and until `suspended` is false again: hidden page, picture-in-picture, low chosen. */
	set suspended(value: boolean) {
		this.#suspended = value;
		if (value) this.#show(false);
		else if (this.#shown && this.#current !== undefined && isSameFrame(this.#shown, this.#current))
			this.#show(true);
	}

	/** No more segments will follow: the last pictures are shown even where fewer than usual are ready. */
	set ended(value: boolean) {
		this.#ended = value;
	}

	/** What the canvas shows, undefined where it is hidden. */
	get shown(): ShownFrame | undefined {
		return this.#visible ? this.#shown : undefined;
	}

	/** The pixels of the canvas, visible part. */
	readPixels(): ImageData | undefined {
		if (!this.#visible || !this.#shown) return undefined;
		return this.#context.getImageData(0, 0, this.#shown.width, this.#shown.height);
	}

	/** Stops, hides and frees everything. */
	destroy(): void {
		this.#video.cancelVideoFrameCallback(this.#callback);
		this.#show(false);
		for (const frame of this.#queue.clear()) frame.image.close();
		this.#shown?.image.close();
		this.#shown = undefined;
		// A canvas of no size holds no memory.
		this.#canvas.width = 0;
		this.#canvas.height = 0;
	}

	readonly #onVideoFrame = (_now: number, metadata: VideoFrameCallbackMetadata): void => {
		this.#callback = this.#video.requestVideoFrameCallback(this.#onVideoFrame);
		const mediaTime = Math.round(metadata.mediaTime * 1e6);
		this.#current = mediaTime;
		const again = this.#shown && isSameFrame(this.#shown, mediaTime);
		const { frame, passed } = this.#queue.take(mediaTime);
		this.#free(passed);
		if (frame) this.#draw(frame);
		const here = frame !== undefined || again === true;
		const steady = this.#visible || this.#video.paused || this.#ended || this.#queue.length >= READY_AHEAD;
		this.#show(here && steady && !this.#suspended);
		this.#listener.presented(mediaTime, this.#visible);
	};

	/** Before the first frame callback, and after a seek, only the playhead tells which frame is on the screen. */
	#isOnScreen(frame: FrameMessage): boolean {
		if (this.#current !== undefined) return isSameFrame(frame, this.#current);
		const playhead = Math.round(this.#video.currentTime * 1e6);
		return frame.mediaTime <= playhead && playhead < frame.mediaTime + frame.duration;
	}

	/** A playing video that waits for data shows its last frame as a paused one does. */
	#isStarved(): boolean {
		return this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
	}

	#draw(frame: FrameMessage): void {
		const { image, width, height } = frame;
		const size = canvasSize(width, height);
		if (this.#canvas.width !== size.width || this.#canvas.height !== size.height) {
			this.#canvas.width = size.width;
			this.#canvas.height = size.height;
		}
		const context = this.#context;
		context.drawImage(image, 0, 0, width, height);
		// The base was made from the picture with its last column and row repeated; the same here keeps both aligned.
		if (size.width > width) {
			context.drawImage(image, width - 1, 0, 1, height, width, 0, size.width - width, height);
		}
		if (size.height > height) {
			const { canvas } = context;
			context.drawImage(canvas, 0, height - 1, size.width, 1, 0, height, size.width, size.height - height);
		}
		const before = this.#shown;
		this.#shown = frame;
		if (before) this.#free([before]);
	}

	#show(visible: boolean): void {
		if (visible === this.#visible) return;
		this.#visible = visible;
		this.#canvas.hidden = !visible;
		this.#listener.visible(visible);
	}

	#free(frames: readonly FrameMessage[]): void {
		if (frames.length === 0) return;
		for (const frame of frames) frame.image.close();
		this.#listener.released(frames.length);
	}
}

/**
 * Size of the canvas for a picture: four times the base (`2 * ceil(size / 8)`), which is the picture rounded up to a
 * multiple of 8. So base and canvas have the same shape, and any `object-fit` puts them over each other exactly.
 */
export function canvasSize(width: number, height: number): { readonly width: number; readonly height: number } {
	return {
		width: CANVAS_STEP * Math.ceil(width / CANVAS_STEP),
		height: CANVAS_STEP * Math.ceil(height / CANVAS_STEP),
	};
}

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
