/**
 * A target bitrate: which quality each frame gets. The bits of a frame are taken for `complexity * e^(0.033 q)`, the complexity
 * being learned for each type of frame apart; each GOP is given its share of the target less what earlier ones took too
 * much. Encoder only: decoders read `q` frame by frame.
 */
import type { FrameType } from "../bitstream/frame-header.ts";
import { CodecError } from "../errors.ts";
import { QUALITIES } from "../model/model-file.ts";

/** Growth of the bits of a frame from one quality index to the next (natural logarithm); seven clips: 0.028 to 0.040. */
export const GROWTH = 0.033;
/**
 * How much finer intra frames are than the GOP's nominal quality. `DEFAULT_PATTERN` has 10, which is best at constant quality; here a
 * finer intra frame also takes more of the player's buffer. Basketball at 300 kbit/s, a sync sample a second: 33.27, 33.31, 33.29 dB
 * (PSNR, all planes) with 5, 8, 10.
 */
const INTRA_OFFSET = 8;
/** The same of the others: where there are bidirectional frames, as `BIDIRECTIONAL_PATTERN` has them. */
const OFFSETS = { inter: 4, bidirectional: -12 };
/** Bits per pixel of a first guess, at quality 0: of a rich scene, since too coarse a beginning is made good and too fine a one is not. */
const FIRST_GUESS = { intra: 0.18, inter: 0.03, bidirectional: 0.012 };
/** Weight of the newest frame in what is known of its type, and of the newest inter frame's fixed bits in theirs. */
const NEWEST = { intra: 0.7, inter: 0.6, bidirectional: 0.6, fixed: 0.1 };
/** No frame changes that by more than this before it is weighed: one that shows a scene cut says little of the next ones. */
const LARGEST_SURPRISE = 0.8;
/** Inter frames change their quality by at most this from one to the next, or by a part of what is wanted if that is more. */
const SMOOTH_CHANGE = 2;
const CATCH_UP = 0.6;
/** Inter frames spread what is left of the GOP, and more of the same, over at least this time, in seconds. */
const HORIZON = 0.75;

/** What a stream may take. */
export type RateControlOptions = {
	/** Target of all that `done` is told of, in bits a second. */
	readonly bitrate: number;
	/** Frames a second. */
	readonly frameRate: number;
	/** Frames from one intra frame to the next. */
	readonly interval: number;
	/** Visible width times height. */
	readonly pixels: number;
	/** Bits that frames may be beyond the target at any time: what a player has to buffer. Default: 0.6 seconds of the target. */
	readonly buffer?: number;
	/** Whether every other inter frame is bidirectional. Default: none is. */
	readonly bidirectional?: boolean;
};

/** The quality of a frame and the bits that it must not exceed. */
export type RateChoice = { readonly q: number; readonly limit: number };

/** Chooses the quality of one frame after the other; tell it what each has taken. */
export class RateControl {
	private readonly options: Required<RateControlOptions>;
	/** Bits a frame. */
	private readonly target: number;
	/** Logarithm of the bits of a frame at quality 0, by type. */
	private readonly complexity: Record<FrameType, number>;
	private readonly known: Record<FrameType, boolean> = { intra: false, inter: false, bidirectional: false };
	/** Bits beyond the target so far; negative where bits were saved. */
	private debt = 0;
	/** Bits and frames that the GOP has left. */
	private left = { bits: 0, frames: 0 };
	/** Bits that the GOP began with for each of its inter frames. */
	private interShare: number;
	/** Fixed bits of inter frames; undefined before the first. */
	private interFixed: number | undefined;
	/** The inter frame before. */
	private lastInter: number | undefined;
	private current: { readonly type: FrameType; readonly q: number; readonly fixed: number } | undefined;

	/** @throws CodecError `invalid-option` where a number is not above 0 */
	constructor(options: RateControlOptions) {
		const { bitrate, frameRate, interval, pixels, buffer = 0.6 * bitrate, bidirectional = false } = options;
		if (!(Math.min(bitrate, frameRate, interval, pixels, buffer) > 0)) {
			throw new CodecError(
				"invalid-option",
				"Rate control needs a bitrate, frame rate, interval and size above 0.",
			);
		}
		this.options = { bitrate, frameRate, interval, pixels, buffer, bidirectional };
		this.target = bitrate / frameRate;
		this.interShare = this.target;
		this.complexity = {
			intra: Math.log(pixels * FIRST_GUESS.intra),
			inter: Math.log(pixels * FIRST_GUESS.inter),
			bidirectional: Math.log(pixels * FIRST_GUESS.bidirectional),
		};
	}

	/**
	 * The quality of the next frame in order of coding.
	 *
	 * @param fixed bits of the frame that do not depend on its quality: the base, the container
	 * @returns `limit`: bits of the rest that keep the buffer's bound; code the frame again, coarser, where it takes more
	 */
	choose(type: FrameType, fixed: number): RateChoice {
		const { interval, buffer, frameRate } = this.options;
		if (type === "intra") this.left = { bits: interval * this.target - this.debt, frames: interval };
		const frames = Math.max(this.left.frames, 1);
		let q: number;
		if (type === "intra") {
			// The base's intra frame is as many times larger as ours: its inter frames are known from those before, or guessed.
			const later = this.interFixed ?? (fixed * FIRST_GUESS.inter) / FIRST_GUESS.intra;
			q = this.qualityOf(this.left.bits - fixed - (frames - 1) * later, frames) + INTRA_OFFSET;
		} else if (type === "bidirectional" && this.lastInter !== undefined) {
			// As the frame that it is coded with: a bit that is wanting, or left, is the next pair's.
			q = this.lastInter + OFFSETS.bidirectional - OFFSETS.inter;
		} else {
			const horizon = Math.max(frames, HORIZON * frameRate);
			const bits = this.left.bits + (horizon - frames) * this.interShare;
			q = Math.log(Math.max(bits / horizon - fixed, 1) / this.interAtZero()) / GROWTH + this.interOffset;
			const last = this.lastInter;
			if (last !== undefined) {
				const largest = Math.max(SMOOTH_CHANGE, Math.abs(q - last) * CATCH_UP);
				q = Math.min(Math.max(q, last - largest), last + largest);
			}
		}
		q = Math.min(Math.max(Math.round(q), 0), QUALITIES - 1);
		this.current = { type, q, fixed };
		return { q, limit: Math.max(buffer - this.debt - fixed, 0) };
	}

	/** Takes note of the frame. @param bits of the rest, without the fixed ones. @param q it has, after coding it again */
	done(bits: number, q = this.current?.q): void {
		if (this.current === undefined || q === undefined)
			throw new RangeError("A frame is done before it was chosen.");
		const { type, fixed } = this.current;
		this.current = undefined;
		const measured = Math.log(Math.max(bits, 1)) - GROWTH * q;
		const surprise = measured - this.complexity[type];
		this.complexity[type] += this.known[type]
			? NEWEST[type] * Math.min(Math.max(surprise, -LARGEST_SURPRISE), LARGEST_SURPRISE)
			: surprise;
		if (type === "intra") {
			// The guesses for the others, until there is one of them, keep their distance to what the intra frame has shown.
			for (const other of ["inter", "bidirectional"] as const) {
				if (!this.known[other])
					this.complexity[other] = measured + Math.log(FIRST_GUESS[other] / FIRST_GUESS.intra);
			}
		}
		this.known[type] = true;
		if (type === "inter") this.lastInter = q;
		if (type !== "intra") {
			this.interFixed ??= fixed;
			this.interFixed += NEWEST.fixed * (fixed - this.interFixed);
		}
		this.left = { bits: this.left.bits - bits - fixed, frames: this.left.frames - 1 };
		if (type === "intra") this.interShare = Math.max(this.left.bits, 0) / Math.max(this.left.frames, 1);
		// Bits that could not be spent are not saved up without end: a calm hour would let a storm through.
		this.debt = Math.max(this.debt + bits + fixed - this.target, -this.options.buffer);
	}

	/** The quality at which one intra frame (finer by its offset) and the inter frames behind it take `bits`. */
	private qualityOf(bits: number, frames: number): number {
		const atZero = Math.exp(this.complexity.intra + GROWTH * INTRA_OFFSET) + (frames - 1) * this.interAtZero();
		return Math.log(Math.max(bits, 1) / atZero) / GROWTH;
	}

	/** Bits of a frame but the intra frame at a nominal quality of 0, on average. */
	private interAtZero(): number {
		const { inter, bidirectional } = this.complexity;
		if (!this.options.bidirectional) return Math.exp(inter);
		return (
			(Math.exp(inter + GROWTH * OFFSETS.inter) + Math.exp(bidirectional + GROWTH * OFFSETS.bidirectional)) / 2
		);
	}

	/** What inter frames have above the nominal quality. */
	private get interOffset(): number {
		return this.options.bidirectional ? OFFSETS.inter : 0;
	}
}
