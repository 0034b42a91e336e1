/** A decoded picture that waits for its moment. Times are microseconds on the media timeline of the `<video>`. */
export type TimedFrame = {
	readonly mediaTime: number;
	readonly duration: number;
};

/** What the queue gives for one frame of the video. */
export type Taken<Frame> = {
	/** The enhanced picture of exactly this frame; undefined: there is none, the base shows. */
	readonly frame: Frame | undefined;
	/** Pictures whose moment has passed; to be freed. */
	readonly passed: readonly Frame[];
};

/** Frames shorter than this do not exist; keeps the tolerance away from zero. Microseconds. */
const SHORTEST_FRAME = 1000;

/**
 * Decoded pictures in order of time. The clock is the video's: the caller says which frame the video shows, the queue
 * gives the picture of that frame or none, never a neighbour.
 */
export class FrameQueue<Frame extends TimedFrame> {
	#frames: Frame[] = [];

	get length(): number {
		return this.#frames.length;
	}

	/** Media time of the first picture, in microseconds; undefined where there is none. */
	get start(): number | undefined {
		return this.#frames[0]?.mediaTime;
	}

	/** Media time of the last picture, in microseconds; undefined where there is none. */
	get end(): number | undefined {
		return this.#frames.at(-1)?.mediaTime;
	}

	/** Takes a picture in. A second one for the same time replaces the first, which is returned to be freed. */
	add(frame: Frame): Frame | undefined {
		const frames = this.#frames;
		let index = frames.length;
		while (index > 0 && (frames[index - 1] as Frame).mediaTime > frame.mediaTime) index--;
		const before = frames[index - 1];
		if (before && isSameFrame(before, frame.mediaTime)) {
			frames[index - 1] = frame;
			return before;
		}
		frames.splice(index, 0, frame);
		return undefined;
	}

	/** Removes and returns the picture of the frame that the video shows at `mediaTime`, and all older ones. */
	take(mediaTime: number): Taken<Frame> {
		let count = 0;
		let frame: Frame | undefined;
		for (const candidate of this.#frames) {
			if (isSameFrame(candidate, mediaTime)) {
				frame = candidate;
				count++;
				break;
			}
			if (candidate.mediaTime > mediaTime) break;
			count++;
		}
		const removed = this.#frames.splice(0, count);
		return { frame, passed: frame ? removed.slice(0, -1) : removed };
	}

	/** The picture of the frame that the video shows at `mediaTime`; it stays. */
	find(mediaTime: number): Frame | undefined {
		return this.#frames.find((frame) => isSameFrame(frame, mediaTime));
	}

	/** Pictures due after `from`, up to `to`. */
	between(from: number, to: number): number {
		return this.#frames.reduce((count, { mediaTime }) => count + Number(mediaTime > from && mediaTime <= to), 0);
	}

	/** Empties the queue; the pictures are the caller's to free. */
	clear(): readonly Frame[] {
		return this.#frames.splice(0);
	}
}

/**
 * Says whether a picture belongs to the frame at `mediaTime`: nearer than half a frame. The two may differ by
 * what the browser lost when it turned the track's ticks into its own unit.
 */
export function isSameFrame(frame: TimedFrame, mediaTime: number): boolean {
	return Math.abs(frame.mediaTime - mediaTime) < Math.max(frame.duration, SHORTEST_FRAME) / 2;
}
