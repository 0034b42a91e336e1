import { isSameFrame, type TimedFrame } from "./frame-queue.ts";

/** What is known of the video when it tells of a frame. Times are microseconds on the media timeline. */
export type Telling = {
	readonly mediaTime: number;
	/** Neither paused nor seeking. */
	readonly playing: boolean;
	readonly playhead: number;
	/** Nominal duration of a frame. */
	readonly frameDuration: number;
};

/**
 * Which frame the video shows. Its frame callback tells, but neither always nor at once, and the playhead is no witness by itself:
 *
 * - A pause leaves the frame on the screen that was meant for the next refresh, which may lie more than one frame beyond the
 *   playhead where the machine is busy.
 * - After a jump a callback of the frame from before may still come; none comes where the frame stays the same.
 * - Where the sound outlasts the picture, and in gaps, the last frame before the playhead stands, however far off it is.
 *
 * So a told frame counts from playing on; after a jump it counts when it agrees with the playhead, or when nothing else has
 * come for a while (`rest`).
 */
export class FrameOnScreen {
	#told: number | undefined;
	#before: number | undefined;
	#certain = false;

	/** Told last since the last jump, in microseconds; undefined: nothing yet. */
	get told(): number | undefined {
		return this.#told;
	}

	/** The frame that the video certainly shows, in microseconds; undefined: not known. */
	get certain(): number | undefined {
		return this.#certain ? this.#told : undefined;
	}

	/** The playhead jumps. */
	jump(): void {
		this.#before = this.#told ?? this.#before;
		this.#told = undefined;
		this.#certain = false;
	}

	/** The frame callback came. */
	tell({ mediaTime, playing, playhead, frameDuration }: Telling): void {
		this.#told = mediaTime;
		this.#certain ||= playing || covers({ mediaTime, duration: frameDuration }, playhead);
	}

	/**
	 * Since the jump, or the callback after it, nothing has come for so long that nothing will.
	 *
	 * @param drawn media time of a picture at the playhead that has been drawn meanwhile: the video has a frame there, and shows it
	 */
	rest(drawn?: number): void {
		this.#told ??= drawn ?? this.#before;
		this.#certain = this.#told !== undefined;
	}

	/** Whether the video shows the frame of this picture. As long as that is not certain, the playhead tells. */
	shows(frame: TimedFrame, playhead: number): boolean {
		if (this.#told !== undefined && !isSameFrame(frame, this.#told)) return false;
		return this.#certain || covers(frame, playhead);
	}
}

/** A playhead on the border of two frames belongs to either: the browser rounds it one way or the other. */
function covers({ mediaTime, duration }: TimedFrame, playhead: number): boolean {
	const tolerance = duration / 4;
	return mediaTime - tolerance <= playhead && playhead <= mediaTime + duration + tolerance;
}
