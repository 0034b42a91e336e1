/** For tests: the latents of the second decoder; `entropy.ts` says what it is. */
import { LAPLACE_TABLES } from "../../entropy/laplace-tables.generated.ts";
import { defined, groups, Model, numbers, type Stream } from "./entropy.ts";

const CODED = groups("725 275 | 990 10 | 43 957", 2);
const ZERO = groups("963 37, 673 327, 808 192 | 787 213, 381 619, 357 643 | 314 686, 185 815, 61 939", 2);
const LEVEL = groups(
	`970 18 2 1 1 1 1 1 1 1 1 1 1 1 1 1
	 930 51 5 2 1 1 1 1 1 1 1 1 1 1 1 1
	 482 254 129 59 28 15 12 6 4 3 3 2 1 1 1 1`,
	16,
);
const SIGN = groups("500 500 | 915 85 | 70 930", 2);
const CHANGE = groups(
	`820 22 22 20 20 15 15 12 12 9 9 7 7 5 5
	 560 50 50 45 45 40 40 30 30 25 25 18 18 12 12`,
	15,
);

const COPIED = groups(
	`929 71, 945 55, 896 104, 930 70 | 230 770, 358 642, 496 504, 646 354 | 484 516, 767 233, 704 296, 894 106
	 768 232, 769 231, 782 218, 852 148 | 95 905, 166 834, 297 703, 436 564 | 545 455, 482 518, 522 478, 716 284
	 526 474, 320 680, 491 509, 643 357 | 82 918, 72 928, 142 858, 265 735 | 83 917, 202 798, 349 651, 446 554`,
	2,
);

const byDistance = (weights: readonly number[], expected: number) =>
	weights.map((_, offset) => defined(weights[Math.abs(offset - expected)]));
const IN_TIME = numbers("900 45 2 2 2 2 2 2 2");
const IN_SPACE = numbers("300 180 80 35 15 7 3 2 2");

/** Section 5.3: offsets of block quality, of all frames of one GOP. */
export class QualityDecoder {
	private readonly uneven = new Model([600, 400]);
	private readonly inTime = IN_TIME.map((_, expected) => new Model(byDistance(IN_TIME, expected)));
	private readonly inSpace = IN_SPACE.map((_, expected) => new Model(byDistance(IN_SPACE, expected)));
	private previousOffsets: number[] | undefined;

	/** Offsets of block quality, row by row. */
	quality(stream: Stream, w: number, h: number): number[] {
		const offsets = Array.from({ length: w * h }, () => 0);
		if (this.uneven.symbol(stream) === 1) {
			for (let i = 0; i < w * h; i++) {
				const left = i % w === 0 ? undefined : offsets[i - 1];
				const up = i < w ? undefined : offsets[i - w];
				const suggested =
					left !== undefined && up !== undefined ? Math.floor((left + up) / 2) : (left ?? up ?? 0);
				const before = this.previousOffsets?.[i];
				const model = before === undefined ? this.inSpace[suggested + 4] : this.inTime[before + 4];
				offsets[i] = defined(model).symbol(stream) - 4;
			}
		}
		this.previousOffsets = offsets;
		return offsets;
	}
}

/** Section 5.3: the other latent bytes, of the bidirectional frames of one GOP or of the others. */
export class LatentDecoder {
	private readonly planes = new Map<number, Record<"coded" | "zero" | "level" | "sign", Model[]>>();
	private readonly change = CHANGE.map((w) => new Model(w));
	private readonly offsets = Array.from({ length: 36 }, () => 0);
	private previous: number[] | undefined;
	private readonly copiedModels = COPIED.map((w) => new Model(w));
	private previousCopied: number[] | undefined;

	/** An inter frame without latent bytes. */
	skip(blocks: number): void {
		this.previous = undefined;
		this.previousCopied = Array.from({ length: blocks }, () => 1);
	}

	/** Flags of copied blocks, row by row. */
	copied(stream: Stream, levels: readonly number[], w: number, h: number): number[] {
		const flags: number[] = [];
		for (let i = 0; i < w * h; i++) {
			const left = i % w === 0 ? 0 : defined(flags[i - 1]);
			const up = i < w ? 0 : defined(flags[i - w]);
			const before = this.previousCopied === undefined ? 2 : defined(this.previousCopied[i]);
			const context = 12 * (left + up) + 4 * before + defined(levels[i]);
			flags.push(defined(this.copiedModels[context]).symbol(stream));
		}
		this.previousCopied = flags;
		return flags;
	}

	/** Hyper latents. */
	hyper(stream: Stream, channels: number, w: number, h: number): number[] {
		const symbols = Array.from({ length: channels * w * h }, () => 0);
		for (let c = 0; c < channels; c++) {
			const models = this.planes.get(c) ?? {
				coded: CODED.map((weights) => new Model(weights)),
				zero: ZERO.map((weights) => new Model(weights)),
				level: LEVEL.map((weights) => new Model(weights)),
				sign: SIGN.map((weights) => new Model(weights)),
			};
			this.planes.set(c, models);
			const before = this.previous?.slice(c * w * h, (c + 1) * w * h);
			const history = before === undefined ? 0 : before.some((s) => s !== 0) ? 2 : 1;
			if (defined(models.coded[history]).symbol(stream) === 0) continue;
			for (let i = 0; i < w * h; i++) {
				const left = i % w === 0 ? 0 : defined(symbols[c * w * h + i - 1]);
				const up = i < w ? 0 : defined(symbols[c * w * h + i - w]);
				const p = before?.[i] ?? 0;
				const zero = 3 * Math.min(Math.abs(left) + Math.abs(up), 2) + Math.min(Math.abs(p), 2);
				if (defined(models.zero[zero]).symbol(stream) === 0) continue;
				const sum = Math.abs(left) + Math.abs(up) + Math.abs(p);
				const level = defined(models.level[sum === 0 ? 0 : sum < 3 ? 1 : 2]).symbol(stream);
				const magnitude = level < 15 ? level + 1 : 16 + stream.golomb(2);
				const hint = p !== 0 ? p : left + up;
				const sign = defined(models.sign[hint === 0 ? 0 : hint > 0 ? 1 : 2]).symbol(stream);
				symbols[c * w * h + i] = sign === 1 ? -magnitude : magnitude;
			}
		}
		this.previous = symbols;
		return symbols;
	}

	/** Offsets and symbols of a pass, into `symbols`. */
	pass(stream: Stream, pass: number, symbols: number[], scales: readonly number[], [C, H, W]: number[]): void {
		const [channels, height, width] = [defined(C), defined(H), defined(W)];
		let last = 0;
		for (let context = pass === 0 ? 0 : 3; context < (pass === 0 ? 3 : 9); context++) {
			for (let group = 0; group < 4; group++) {
				const k = defined(this.change[last === 0 ? 0 : 1]).symbol(stream);
				last = k % 2 === 1 ? (k + 1) / 2 : -k / 2;
				this.offsets[4 * context + group] = defined(this.offsets[4 * context + group]) + last;
			}
		}
		for (let c = 0; c < channels; c++) {
			for (let y = 0; y < height; y++) {
				for (let x = 0; x < width; x++) {
					const at = (dx: number, dy: number) => {
						const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
						return inside && symbols[(c * height + y + dy) * width + x + dx] !== 0 ? 1 : 0;
					};
					const i = (c * height + y) * width + x;
					const scale = defined(scales[i]);
					if ((x + y + c) % 2 !== pass || scale === 0) continue;
					const own = at(-1, -1) + at(1, -1) + at(-2, 0);
					const cross = at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1);
					const context = pass === 0 ? Math.min(own, 2) : 3 + Math.min(own + 2 * cross, 5);
					const group = scale < 6 ? 0 : scale < 14 ? 1 : scale < 24 ? 2 : 3;
					const corrected = scale + defined(this.offsets[4 * context + group]);
					symbols[i] = latent(stream, Math.min(Math.max(corrected, 1), 63));
				}
			}
		}
	}
}

/** Section 5.3: one symbol of scale index `i`. */
function latent(stream: Stream, i: number): number {
	const [order = 0, escape = 0, ...f] = defined(LAPLACE_TABLES[i - 1]);
	const owners: { value: number; start: number; frequency: number }[] = [];
	let start = 0;
	const own = (value: number, frequency: number) => {
		owners.push({ value, start, frequency });
		start += frequency;
	};
	own(0, 16384 - escape - 2 * f.reduce((a, b) => a + b));
	f.forEach((frequency, m) => {
		own(m + 1, frequency);
		own(-m - 1, frequency);
	});
	own(Number.NaN, escape);
	const { value } = stream.step((slot) =>
		defined(owners.find((o) => o.start <= slot && slot < o.start + o.frequency)),
	);
	if (!Number.isNaN(value)) return value;
	const magnitude = stream.golomb(order) + f.length + 1;
	return stream.bits(1) === 1 ? -magnitude : magnitude;
}
