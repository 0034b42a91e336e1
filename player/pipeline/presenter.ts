import { FrameOnScreen } from "./frame-on-screen.ts";
import { FrameQueue, isSameFrame } from "./frame-queue.ts";
import type { FrameMessage } from "./messages.ts";

/** What the canvas shows. */
export type ShownFrame = Pick<
	FrameMessage,
	"mediaTime" | "timestamp" | "duration" | "width" | "height" | "image" | "picture" | "q"
>;

/** Who is told what the canvas shows. */
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
/** No frame callback for so many milliseconds after a jump: the frame that stands will not change any more. */
const REST = 500;

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
	/** Pictures of a loop, kept for its next rounds; undefined: every picture is freed once its moment has passed. */
	#kept: FrameQueue<FrameMessage> | undefined;
	/** Pictures that were reported as released when they came, because they were to be kept. */
	readonly #reported = new WeakSet<FrameMessage>();
	readonly #resizes: ResizeObserver;
	/** Microseconds. */
	readonly #frameDuration: number;
	readonly #screen = new FrameOnScreen();
	#callback: number;
	#rest: ReturnType<typeof setTimeout> | undefined;
	/** Drawn last; its image is kept open so that it can be captured. */
	#shown: FrameMessage | undefined;
	#visible = false;
	#suspended = false;
	#ended = false;

	/** @param frameRate nominal frames a second */
	constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, frameRate: number, listener: PresenterListener) {
		// With an alpha channel, though every picture is opaque: a browser stops drawing a video that something opaque covers, and when
		// the base comes back it would show the page for a frame.
		const context = canvas.getContext("2d");
		if (!context) throw new DOMException("The canvas has no 2D context.", "NotSupportedError");
		this.#video = video;
		this.#canvas = canvas;
		this.#context = context;
		this.#frameDuration = 1e6 / frameRate;
		this.#listener = listener;
		this.#callback = video.requestVideoFrameCallback(this.#onVideoFrame);
		video.addEventListener("pause", this.#onPause);
		// A page that changes the fit of its video changes its size as a rule: full screen, a smaller box.
		this.#resizes = new ResizeObserver(() => followNaturalSize(canvas));
		this.#resizes.observe(video);
	}

	/** Media time of the frame that the video told last since the playhead jumped, in microseconds. */
	get current(): number | undefined {
		return this.#screen.told;
	}

	/** Media time of the frame that a video at rest certainly shows, in microseconds; undefined: it plays, or it is not known. */
	get standing(): number | undefined {
		return this.#video.paused ? this.#screen.certain : undefined;
	}

	/** Whether the canvas shows the enhanced picture of the current frame. */
	get visible(): boolean {
		return this.#visible;
	}

	/** Whether the picture of the frame that the video told last is on the canvas, be that visible or not. */
	get drawn(): boolean {
		const { current } = this;
		return this.#shown !== undefined && current !== undefined && isSameFrame(this.#shown, current);
	}

	/** Pictures ready for frames to come; of a kept loop, all. */
	get ahead(): number {
		return this.#kept?.length ?? this.#queue.length;
	}

	/** Media time of the first picture that waits, in microseconds. */
	get readyFrom(): number | undefined {
		return this.#queue.start;
	}

	/** The playhead jumps: until the video shows its next frame, nothing is known to be late. */
	forgetCurrent(): void {
		this.#screen.jump();
		this.#awaitRest();
	}

	/** Takes a picture from the worker. While the video stands still, the picture of the standing frame is drawn at once. */
	offer(frame: FrameMessage): void {
		if (this.#kept) {
			const replaced = this.#kept.add(frame);
			// The page keeps it, yet the worker may send the next: whoever asked for keeping has counted all of them.
			this.#reported.add(frame);
			this.#listener.released(1);
			if (replaced && replaced !== this.#shown) replaced.image.close();
		}
		const standing = this.#video.paused || this.#isStarved();
		if (standing && !this.#video.seeking && this.#isOnScreen(frame)) {
			this.#draw(frame);
			this.#show(!this.#suspended);
			return;
		}
		if (this.#kept) return;
		const { current } = this;
		if (current !== undefined && frame.mediaTime < current) {
			this.#free([frame]);
			return;
		}
		const replaced = this.#queue.add(frame);
		if (replaced) this.#free([replaced]);
	}

	/** Whether pictures are kept when their moment has passed. Turned off, all are freed. */
	set keeps(value: boolean) {
		if (value === (this.#kept !== undefined)) return;
		const kept = this.#kept?.clear() ?? [];
		this.#kept = value ? new FrameQueue() : undefined;
		for (const frame of kept) if (frame !== this.#shown) frame.image.close();
		this.clear();
	}

	/** Forgets the pictures that wait; what is on the canvas stays until the video shows another frame. */
	clear(): void {
		this.#free(this.#queue.clear());
	}

	/** Hides the canvas at once and until `suspended` is false again: hidden page, picture-in-picture, low chosen. */
	set suspended(value: boolean) {
		this.#suspended = value;
		if (value) this.#show(false);
		else if (this.drawn || this.#isHere) this.#show(true);
	}

	/** No more segments will follow: the last pictures are shown even where fewer than usual are ready. */
	set ended(value: boolean) {
		this.#ended = value;
	}

	/** What the canvas shows, undefined where it is hidden. */
	get shown(): ShownFrame | undefined {
		return this.#visible ? this.#shown : undefined;
	}

	/**
	 * Whether the canvas shows the frame at the playhead. After a jump it shows the frame from before until the video
	 * has its new one, as the video itself does: both change in the same moment, but `seeked` is fired before that.
	 */
	get settled(): boolean {
		if (!this.#visible || !this.#shown || this.#video.seeking) return false;
		return this.#screen.shows(this.#shown, this.#playhead);
	}

	/** The pixels of the canvas, visible part of the picture. */
	readPixels(): ImageData | undefined {
		if (!this.#visible || !this.#shown) return undefined;
		return this.#context.getImageData(0, 0, this.#shown.width, this.#shown.height);
	}

	/** Stops, hides and frees everything. */
	destroy(): void {
		this.#video.cancelVideoFrameCallback(this.#callback);
		this.#video.removeEventListener("pause", this.#onPause);
		clearTimeout(this.#rest);
		this.#rest = undefined;
		this.#resizes.disconnect();
		this.#show(false);
		this.keeps = false;
		this.clear();
		this.#shown?.image.close();
		this.#shown = undefined;
		// A canvas of no size holds no memory.
		this.#canvas.width = 0;
		this.#canvas.height = 0;
	}

	readonly #onVideoFrame = (_now: number, metadata: VideoFrameCallbackMetadata): void => {
		this.#callback = this.#video.requestVideoFrameCallback(this.#onVideoFrame);
		const mediaTime = Math.round(metadata.mediaTime * 1e6);
		const { paused, seeking } = this.#video;
		const playing = !paused && !seeking;
		this.#screen.tell({ mediaTime, playing, playhead: this.#playhead, frameDuration: this.#frameDuration });
		if (this.#screen.certain === undefined) this.#awaitRest();
		this.#present(mediaTime);
		this.#listener.presented(mediaTime, this.#visible);
	};

	/** A picture may have come between the callback of its frame and the pause: no other callback will draw it. */
	readonly #onPause = (): void => {
		const { current } = this;
		if (current !== undefined && !this.#video.seeking) this.#present(current);
	};

	/** Draws the picture of the frame that the video shows, and shows or hides the canvas. */
	#present(mediaTime: number): void {
		const again = this.#shown && isSameFrame(this.#shown, mediaTime);
		const { frame, passed } = this.#kept
			? { frame: again ? undefined : this.#kept.find(mediaTime), passed: [] }
			: this.#queue.take(mediaTime);
		this.#free(passed);
		if (frame) this.#draw(frame);
		const here = frame !== undefined || again === true;
		const steady = this.#visible || this.#video.paused || this.#ended || this.#isReadyFrom(mediaTime);
		this.#show(here && steady && !this.#suspended);
	}

	/** Enough pictures wait for the frames that follow at once. */
	#isReadyFrom(mediaTime: number): boolean {
		if (!this.#kept) return this.#queue.length >= READY_AHEAD;
		const duration = this.#shown?.duration ?? 0;
		return this.#kept.between(mediaTime, mediaTime + (READY_AHEAD + 0.5) * duration) >= READY_AHEAD;
	}

	/** Before the first frame callback, and after a seek, only the playhead tells which frame is on the screen. */
	#isOnScreen(frame: FrameMessage): boolean {
		const { current } = this;
		if (current !== undefined) return isSameFrame(frame, current);
		const playhead = Math.round(this.#playhead);
		return frame.mediaTime <= playhead && playhead < frame.mediaTime + frame.duration;
	}

	/** Whether the canvas holds the picture of the frame on the screen, though no callback may have told of that frame yet. */
	get #isHere(): boolean {
		return this.#shown !== undefined && this.#screen.shows(this.#shown, this.#playhead);
	}

	/** Microseconds; at the end it stands behind the last frame. */
	get #playhead(): number {
		const { currentTime, duration } = this.#video;
		return (Number.isNaN(duration) ? currentTime : Math.min(currentTime, duration)) * 1e6;
	}

	/** After a jump: once no frame callback has come for a while, none will. The last ones run before an animation frame. */
	#awaitRest(): void {
		clearTimeout(this.#rest);
		this.#rest = setTimeout(() => {
			requestAnimationFrame(() => {
				if (this.#rest === undefined) return;
				if (this.#video.seeking) this.#awaitRest();
				else {
					const here = this.#isHere;
					this.#screen.rest(here ? this.#shown?.mediaTime : undefined);
					if (here) this.#show(!this.#suspended);
				}
			});
		}, REST);
	}

	/** A playing video that waits for data shows its last frame as a paused one does. */
	#isStarved(): boolean {
		return this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
	}

	#draw(frame: FrameMessage): void {
		const { image, coveredWidth, coveredHeight } = frame;
		if (this.#canvas.width !== coveredWidth || this.#canvas.height !== coveredHeight) {
			this.#canvas.width = coveredWidth;
			this.#canvas.height = coveredHeight;
		}
		this.#context.drawImage(image, 0, 0, coveredWidth, coveredHeight);
		const before = this.#shown;
		this.#shown = frame;
		// What was shown when keeping began, or was replaced while it was shown, is not among those that are kept.
		if (before && before !== frame && this.#kept?.find(before.mediaTime) !== before) this.#free([before]);
	}

	#show(visible: boolean): void {
		if (visible === this.#visible) return;
		this.#visible = visible;
		if (visible) followNaturalSize(this.#canvas);
		this.#canvas.hidden = !visible;
		this.#listener.visible(visible);
	}

	#free(frames: readonly FrameMessage[]): void {
		for (const frame of frames) frame.image.close();
		const released = frames.filter((frame) => !this.#reported.has(frame)).length;
		if (released > 0) this.#listener.released(released);
	}
}

/**
 * `object-fit: none` and `scale-down` go by a picture's own size, and the canvas has four times the video's: it is laid
 * out four times as large and drawn at a quarter, which puts it over the video under these rules too.
 */
function followNaturalSize(canvas: HTMLCanvasElement): void {
	canvas.toggleAttribute("data-natural", /^(?:none|scale-down)$/.test(getComputedStyle(canvas).objectFit));
}
