import type { EnhancerOptions } from "./enhancer-options.ts";
import type { Decoding } from "./pipeline/decoding.ts";
import { BYTES_PER_SAMPLE } from "./pipeline/messages.ts";
import type { Presenter } from "./pipeline/presenter.ts";
import { type Playhead, playheadOf } from "./playhead.ts";
import { shouldGoOn } from "./policy/after-seek.ts";
import { nextToKeep, worthKeeping } from "./policy/keep-pictures.ts";
import { type DecodeObservation, isHopeless, nextSegment } from "./policy/next-segment.ts";
import type { EnhancementBuffer } from "./stream/enhancement-buffer.ts";

/** Segments that the worker may hold. */
const WORKER_SEGMENTS = 2;
/** The worker is told the playhead a little late, so that no picture is dropped that could still be shown. Seconds. */
const CLOCK_LAG = 0.06;

/** What the schedule goes between: segments come from the buffer, go to the decoder, and their pictures to the presenter. */
export type ScheduleParts = {
	readonly buffer: EnhancementBuffer;
	readonly decoding: Decoding;
	readonly presenter: Presenter;
	readonly playhead: Playhead;
};

/** The order of decoding: which segment is next, when the decoder starts afresh, and which pictures are kept. */
export class DecodeSchedule {
	readonly #o: Pick<EnhancerOptions, "video" | "frameRate">;
	readonly #parts: ScheduleParts;
	/** Segments of a loop whose pictures are all kept; undefined: pictures are not kept. */
	#kept: Set<number> | undefined;
	/** The enhanced picture was shown since the last fresh start: from then on a missing one is a missed one. */
	#settled = false;

	constructor(options: Pick<EnhancerOptions, "video" | "frameRate">, parts: ScheduleParts) {
		this.#o = options;
		this.#parts = parts;
	}

	/** The pictures of a loop are kept, so that decoding may take longer than playing. */
	get keeps(): boolean {
		return this.#kept !== undefined;
	}

	/** Seconds that decoding a second takes; 0 where not known. */
	get pace(): number {
		const milliseconds = this.#parts.decoding.pictureMilliseconds;
		return milliseconds === undefined ? 0 : (milliseconds * this.#o.frameRate) / 1000;
	}

	/** Gives the worker what it should decode next, and takes away what it should not. @param forced nothing is given up for being slow */
	work(size: { readonly width: number; readonly height: number }, forced: boolean): void {
		this.#decideKeeping(size);
		const { decoding, playhead } = this.#parts;
		// Where a pause has left a frame on the screen whose picture came too late, its segment is decoded once more.
		if (!this.#kept && playhead.passed({ ...this.#observe(), decodedTo: decoding.decodedTo })) this.stop();
		decoding.clock(this.#kept ? 0 : playhead.position - CLOCK_LAG);
		if (!this.#kept && !forced && isHopeless(this.#observe())) return this.stop();
		return this.#giveNext();
	}

	/** The playhead jumps: the decoder goes on where that is quicker, else it starts afresh at the target. */
	onSeeking(): void {
		const { buffer, decoding, presenter } = this.#parts;
		const { video, frameRate } = this.#o;
		const target = playheadOf(video, frameRate);
		const place = buffer
			.segmentsNear(target)
			.find(({ start, duration }) => start <= target && target < start + duration);
		const { readyFrom } = presenter;
		const { held, decodedTo } = decoding;
		presenter.forgetCurrent();
		const goOn =
			this.#kept !== undefined ||
			shouldGoOn({
				target,
				playbackRate: Math.abs(video.playbackRate),
				paused: video.paused,
				segmentStart: place?.start,
				readyFrom: readyFrom === undefined ? undefined : readyFrom / 1e6,
				decodedTo: held.size > 0 || readyFrom !== undefined ? decodedTo : undefined,
				givenTo: buffer.endOf([...held]),
				decodeSecondsPerSecond: this.pace,
			});
		if (!goOn) return this.stop();
		// What is no longer in the worker may be asked for again.
		buffer.takeBack(held);
		this.#settled = false;
		return undefined;
	}

	/** All pictures of a segment were decoded. */
	onDone(sequence: number): void {
		this.#kept?.add(sequence);
		const { buffer, decoding } = this.#parts;
		if (decoding.decodedTo !== undefined) buffer.markDecoded(sequence, decoding.decodedTo + 1 / this.#o.frameRate);
	}

	/** A segment turned out damaged: the decoder leaves it. */
	onDamaged(sequence: number): void {
		this.#parts.buffer.markDamaged(sequence);
		this.#parts.decoding.drop(sequence);
		this.#settled = false;
	}

	/** An enhanced picture was shown. */
	onShown(): void {
		this.#settled = true;
	}

	/** Whether an enhanced picture is due at a media time (microseconds): its segment was given to the worker, and pictures have been shown already. */
	isDue(mediaTime: number): boolean {
		const { buffer, presenter } = this.#parts;
		if (!this.#settled || presenter.current === undefined) return false;
		return buffer.isGivenAt(mediaTime / 1e6 + 0.001);
	}

	/** Decoding ends; whatever is asked for next starts afresh at the playhead. */
	stop(): void {
		const { buffer, decoding, presenter } = this.#parts;
		if (decoding.held.size === 0 && presenter.ahead === 0 && !buffer.someGiven) return;
		decoding.reset();
		this.#forget();
	}

	/** The kept pictures are freed; decoding goes on from the playhead. */
	stopKeeping(): void {
		if (!this.#kept) return;
		this.#kept = undefined;
		this.stop();
		this.#parts.presenter.keeps = false;
	}

	/** Ends the worker and frees what it made; the bytes stay. */
	close(): void {
		this.#parts.decoding.close();
		this.#kept = undefined;
		this.#parts.presenter.keeps = false;
		this.#forget();
	}

	/** A short loop is decoded once, and its pictures are kept; anything else is decoded anew in every round. */
	#decideKeeping({ width, height }: { readonly width: number; readonly height: number }): void {
		const { video, frameRate } = this.#o;
		const kind = this.#parts.decoding.ready?.kind;
		const bytesPerSample = kind && BYTES_PER_SAMPLE[kind];
		const { loop: loops, duration } = video;
		const keeps = worthKeeping({ loops, duration, frameRate, width, height, bytesPerSample });
		if (keeps === this.keeps) return;
		if (!keeps) return this.stopKeeping();
		this.stop();
		this.#parts.presenter.keeps = true;
		this.#kept = new Set();
	}

	#giveNext(): void {
		const { buffer, decoding } = this.#parts;
		while (decoding.held.size < WORKER_SEGMENTS) {
			const observation = this.#observe();
			const sequence = this.#kept
				? nextToKeep(observation.segments, observation.position)
				: nextSegment(observation);
			const segment = sequence === undefined ? undefined : buffer.give(sequence);
			if (!segment) return;
			decoding.push(segment);
		}
	}

	#observe(): DecodeObservation {
		const { video } = this.#o;
		const { buffer, decoding, playhead } = this.#parts;
		const { position } = playhead;
		return {
			segments: buffer
				.segmentsNear(position)
				.map((segment) => (this.#kept?.has(segment.sequence) ? { ...segment, spent: true } : segment)),
			position,
			playbackRate: Math.abs(video.playbackRate),
			paused: video.paused,
			decodeSecondsPerSecond: this.pace,
			decodedTo: decoding.held.size > 0 ? decoding.decodedTo : undefined,
		};
	}

	/** Nothing is decoded any more: what waits is freed, and every segment may be given again. */
	#forget(): void {
		this.#parts.presenter.clear();
		this.#parts.buffer.takeBack();
		this.#settled = false;
	}
}
