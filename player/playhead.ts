import type { Presenter } from "./pipeline/presenter.ts";
import { type DecodeObservation, isPassedBy } from "./policy/next-segment.ts";

type Clock = Pick<HTMLVideoElement, "currentTime" | "duration">;

/** The video's time of a frame and the decoder's differ by what rounding between timescales makes, in seconds. */
const ROUNDING = 0.001;

/** Where the playhead is, in seconds. At the end it stands behind the last frame, which is the one that is shown. */
export function playheadOf(video: Clock, frameRate: number): number {
	if (!(video.currentTime >= video.duration)) return video.currentTime;
	return Math.max(0, video.duration - 0.5 / frameRate);
}

/** The place for which pictures are wanted: where the video plays its playhead, where it stands the frame on the screen. */
export class Playhead {
	readonly #video: Clock;
	readonly #frameRate: number;
	readonly #presenter: Pick<Presenter, "standing" | "drawn">;
	/** The standing frame that was told to be passed by, in microseconds. */
	#told: number | undefined;

	constructor(video: Clock, frameRate: number, presenter: Pick<Presenter, "standing" | "drawn">) {
		this.#video = video;
		this.#frameRate = frameRate;
		this.#presenter = presenter;
	}

	/** Seconds on the media timeline; the middle of the frame that stands. */
	get position(): number {
		const { standing } = this.#presenter;
		return standing === undefined
			? playheadOf(this.#video, this.#frameRate)
			: standing / 1e6 + 0.5 / this.#frameRate;
	}

	/**
	 * Whether a frame stands whose picture is not there and will not come, because decoding has passed it. True once for a frame:
	 * one that the enhancement leaves out never gets a picture.
	 */
	passed(o: DecodeObservation): boolean {
		const { standing, drawn } = this.#presenter;
		if (standing === undefined || drawn || standing === this.#told) return false;
		const decodedTo = o.decodedTo === undefined ? undefined : o.decodedTo + 2 * ROUNDING;
		if (!isPassedBy({ ...o, decodedTo, position: standing / 1e6 + ROUNDING })) return false;
		this.#told = standing;
		return true;
	}

	/** The video plays, or its playhead jumps. */
	moved(): void {
		this.#told = undefined;
	}
}
