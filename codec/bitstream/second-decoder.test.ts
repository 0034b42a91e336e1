import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LAPLACE_TABLES } from "../entropy/laplace-tables.generated.ts";
import { LatentModels, LatentWriter } from "../entropy/latent-stream.ts";
import { MotionField, MotionModels, writeMotion } from "../motion/syntax.ts";
import { writeSample } from "./sample.ts";

// A second decoder of samples, written from SPEC.md sections 3, 4.2 and 5 alone, as plainly as they put it. It shares
// nothing with the first but the committed tables, so what both agree on is what the text says.

const defined = <T>(value: T | undefined): T => {
	if (value === undefined) throw new Error("read past an end");
	return value;
};

/** Section 5.1. */
class Stream {
	private readonly bytes: Uint8Array;
	private at = 0;
	private readonly x: number[] = [];
	private turn = 0;
	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
		for (let i = 0; i < 2; i++) this.x.push(65536 + this.leb128());
	}
	private leb128(): number {
		for (let value = 0, unit = 1; ; unit *= 128) {
			const byte = defined(this.bytes[this.at++]);
			value += (byte % 128) * unit;
			if (byte < 128) return value;
		}
	}
	/** @param owner gives start and frequency of the symbol that owns a slot */
	step<T extends { start: number; frequency: number }>(owner: (slot: number) => T): T {
		const x = defined(this.x[this.turn]);
		const slot = x % 16384;
		const symbol = owner(slot);
		let next = symbol.frequency * Math.floor(x / 16384) + slot - symbol.start;
		if (next < 65536) {
			next = next * 65536 + defined(this.bytes[this.at]) + 256 * defined(this.bytes[this.at + 1]);
			this.at += 2;
		}
		this.x[this.turn] = next;
		this.turn = 1 - this.turn;
		return symbol;
	}
	bits(n: number): number {
		if (n === 0) return 0;
		const frequency = 2 ** (14 - n);
		return this.step((slot) => {
			const value = Math.floor(slot / frequency);
			return { value, start: value * frequency, frequency };
		}).value;
	}
	/** Section 5.2. */
	golomb(k: number): number {
		let b = k;
		while (this.bits(1) === 1) b++;
		return 2 ** b + this.bits(b) - 2 ** k;
	}
	end(): void {
		if (this.x.some((x) => x !== 65536) || this.at !== this.bytes.length) throw new Error("the stream goes on");
	}
}

/** Section 5.4. */
class Model {
	private readonly c: number[];
	private uses = 0;
	constructor(weights: readonly number[]) {
		const n = weights.length;
		const sum = weights.reduce((a, b) => a + b);
		this.c = Array.from({ length: n + 1 }, () => 0);
		this.c[n] = 16384;
		for (let s = n - 1; s >= 1; s--) {
			this.c[s] = defined(this.c[s + 1]) - 1 - Math.floor(((16384 - n) * defined(weights[s])) / sum);
		}
	}
	symbol(stream: Stream): number {
		const { c } = this;
		const n = c.length - 1;
		const { s } = stream.step((slot) => {
			const found = c.findIndex((start, i) => start <= slot && slot < (c[i + 1] ?? 0));
			return { s: found, start: defined(c[found]), frequency: defined(c[found + 1]) - defined(c[found]) };
		});
		this.uses++;
		const r = this.uses <= 2 ? 3 : this.uses <= 14 ? 4 : this.uses <= 38 ? 5 : 6;
		for (let i = 1; i < n; i++) {
			const t = i <= s ? i : 16384 - n + i;
			c[i] = defined(c[i]) + Math.floor((t - defined(c[i])) / 2 ** r);
		}
		return s;
	}
}

/** Numbers of a table of section 4.2, split by blanks, commas and bars. */
const numbers = (text: string) =>
	text
		.split(/[\s,|]+/)
		.filter((t) => t !== "")
		.map(Number);
function groups(text: string, size: number): number[][] {
	const all = numbers(text);
	return Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size));
}
const SPLIT = groups(
	`928 72, 977 23, 358 642 | 424 576, 796 204, 132 868 | 137 863, 569 431, 46 954
	 803 197, 909 91, 417 583 | 489 511, 720 280, 225 775 | 242 758, 470 530, 106 894`,
	2,
);
const MODE = groups(
	`844 1 1 1 1 155 | 477 290 1 1 1 234 | 146 359 147 1 1 348 | 49 286 184 69 1 412 | 20 141 162 37 51 590
	 960 1 1 1 1 40 | 496 327 1 1 1 177 | 106 480 134 1 1 279 | 26 362 220 73 1 320 | 12 199 218 60 56 454
	 991 1 1 1 1 9 | 382 524 1 1 1 94 | 47 642 116 1 1 195 | 12 376 241 84 1 288 | 5 156 156 58 105 520`,
	6,
);
const DIFFERENCE_X = numbers("109 215 112 83 68 41 31 42 135 88 44 17 10 3 1 1");
const DIFFERENCE_Y = groups(
	`11 364 267 51 117 22 20 34 60 35 14 3 1 1 1 1
	 165 265 132 91 63 42 27 37 107 56 12 3 1 1 1 1
	 60 47 71 52 64 31 42 50 206 199 100 39 31 6 1 1`,
	16,
);

type Cell = { x: number; y: number; s: number };
type Cells = Map<string, Cell>;

/** Section 4.2: the inter frames of one GOP. */
class MotionDecoder {
	private readonly split = SPLIT.map((w) => new Model(w));
	private readonly mode = MODE.map((w) => new Model(w));
	private readonly differenceX = new Model(DIFFERENCE_X);
	private readonly differenceY = DIFFERENCE_Y.map((w) => new Model(w));
	private previous: Cells | undefined;

	frame(bytes: Uint8Array, columns: number, rows: number): Cells {
		const cells: Cells = new Map();
		const at = (from: Cells, x: number, y: number) => from.get(`${x},${y}`);
		if (bytes.length === 0) {
			this.previous = undefined;
			for (let y = 0; y < rows; y++)
				for (let x = 0; x < columns; x++) cells.set(`${x},${y}`, { x: 0, y: 0, s: 2 });
			return cells;
		}
		const stream = new Stream(bytes);
		const difference = (model: Model) => {
			const k = model.symbol(stream);
			const magnitude = k < 8 ? k : 2 ** (k - 5) + stream.bits(k - 5);
			return { k, d: k > 0 && stream.bits(1) === 1 ? -magnitude : magnitude };
		};
		const block = (x: number, y: number, s: number): void => {
			const n = 2 ** s;
			const left = at(cells, x - 1, y);
			const up = at(cells, x, y - 1);
			const before = this.previous && at(this.previous, x + Math.floor(n / 2), y + Math.floor(n / 2));
			if (s > 0) {
				const smaller = [left, up].filter((c) => c !== undefined && c.s < s).length;
				const context = 9 * (2 - s) + 3 * smaller + (before === undefined ? 0 : before.s < s ? 2 : 1);
				if (defined(this.split[context]).symbol(stream) === 1) {
					for (const [i, j] of [
						[0, 0],
						[1, 0],
						[0, 1],
						[1, 1],
					] as const)
						block(x + (i * n) / 2, y + (j * n) / 2, s - 1);
					return;
				}
			}
			const corner = at(cells, x + n, y - 1) ?? at(cells, x - 1, y - 1);
			const candidates: Cell[] = [];
			for (const c of [left, up, corner, before]) {
				if (c === undefined || (c.x === 0 && c.y === 0)) continue;
				if (!candidates.some((d) => d.x === c.x && d.y === c.y)) candidates.push(c);
			}
			const mode = defined(this.mode[5 * s + candidates.length]).symbol(stream);
			let vector = { x: 0, y: 0 };
			if (mode === 5) {
				const middle = (a: number, b: number, c: number) => defined([a, b, c].sort((p, q) => p - q)[1]);
				const prediction =
					left && up && corner
						? { x: middle(left.x, up.x, corner.x), y: middle(left.y, up.y, corner.y) }
						: (left ?? up ?? { x: 0, y: 0 });
				const { k, d } = difference(this.differenceX);
				const dy = difference(defined(this.differenceY[k === 0 ? 0 : k < 8 ? 1 : 2])).d;
				vector = { x: prediction.x + d, y: prediction.y + dy };
			} else if (mode > 0) {
				vector = defined(candidates[mode - 1]);
			}
			for (let j = 0; j < n; j++)
				for (let i = 0; i < n; i++) cells.set(`${x + i},${y + j}`, { x: vector.x, y: vector.y, s });
		};
		for (let y = 0; y < rows; y += 4) for (let x = 0; x < columns; x += 4) block(x, y, 2);
		stream.end();
		this.previous = cells;
		return cells;
	}
}

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

/** Section 5.3: latent bytes of the frames of one GOP. */
class LatentDecoder {
	private readonly planes = new Map<number, Record<"coded" | "zero" | "level" | "sign", Model[]>>();
	private readonly change = CHANGE.map((w) => new Model(w));
	private readonly offsets = Array.from({ length: 36 }, () => 0);
	private previous: number[] | undefined;
	private readonly copiedModels = COPIED.map((w) => new Model(w));
	private previousCopied: number[] | undefined;
	private readonly uneven = new Model([600, 400]);
	private readonly inTime = IN_TIME.map((_, expected) => new Model(byDistance(IN_TIME, expected)));
	private readonly inSpace = IN_SPACE.map((_, expected) => new Model(byDistance(IN_SPACE, expected)));
	private previousOffsets: number[] | undefined;

	/** An inter frame without latent bytes. */
	skip(blocks: number): void {
		this.previous = undefined;
		this.previousCopied = Array.from({ length: blocks }, () => 1);
	}

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

/** Section 3, of an inter frame without hashes: motion and latent bytes. */
function parts(sample: Uint8Array): { motion: Uint8Array; latents: Uint8Array } {
	let at = 3;
	const leb128 = () => {
		for (let value = 0, unit = 1; ; unit *= 128) {
			const byte = defined(sample[at++]);
			value += (byte % 128) * unit;
			if (byte < 128) return value;
		}
	};
	const motionLength = leb128();
	const latentLength = leb128();
	expect(at + motionLength + latentLength + 4).toBe(sample.length);
	return {
		motion: sample.subarray(at, at + motionLength),
		latents: sample.subarray(at + motionLength, at + motionLength + latentLength),
	};
}

const coordinate = fc.oneof(fc.constant(0), fc.integer({ min: -12, max: 12 }), fc.integer({ min: -1024, max: 1023 }));

/** A complete random quadtree of 2x2 roots; `draws` decide. */
function randomField(palette: readonly (readonly [number, number])[], draws: readonly number[]): MotionField {
	const field = new MotionField(8, 8);
	let next = 0;
	const draw = (below: number) => (draws[next++ % draws.length] ?? 0) % below;
	const block = (x: number, y: number, s: number) => {
		if (s > 0 && draw(2) === 1) {
			const half = 2 ** (s - 1);
			for (let k = 0; k < 4; k++) block(x + (k & 1) * half, y + (k >> 1) * half, s - 1);
			return;
		}
		const [vx, vy] = palette[draw(palette.length)] ?? [0, 0];
		field.paint(x, y, s, vx, vy);
	};
	for (const [x, y] of [
		[0, 0],
		[4, 0],
		[0, 4],
		[4, 4],
	] as const)
		block(x, y, 2);
	return field;
}

const frames = fc.record({
	palette: fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 5 }),
	draws: fc.array(fc.nat(999), { minLength: 1, maxLength: 90 }),
	copied: fc.array(fc.nat(1), { minLength: 6, maxLength: 6 }),
	levels: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
	offsets: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -4, max: 4 })), { minLength: 4, maxLength: 4 }),
	hyper: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -127, max: 127 })), { minLength: 8, maxLength: 8 }),
	scales: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 63 })), { minLength: 24, maxLength: 24 }),
	symbols: fc.array(fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -255, max: 255 })), {
		minLength: 24,
		maxLength: 24,
	}),
});

describe("a second decoder, written from the specification", () => {
	it("reads what the encoder wrote, frame after frame", () => {
		const geometry = { channels: 2, width: 4, height: 3 };
		const blocks = { width: 3, height: 2 };
		fc.assert(
			fc.property(fc.array(frames, { minLength: 1, maxLength: 4 }), (gop) => {
				const models = new MotionModels();
				const latentModels = new LatentModels();
				const decoder = new MotionDecoder();
				const latentDecoder = new LatentDecoder();
				for (const frame of gop) {
					const field = randomField(frame.palette, frame.draws);
					const scales = Uint8Array.from(frame.scales);
					const symbols = Int16Array.from(frame.symbols, (s, i) => (scales[i] === 0 ? 0 : s));
					const writer = new LatentWriter(latentModels);
					writer.quality(Int8Array.from(frame.offsets), { width: 2, height: 2 });
					writer.copied(Uint8Array.from(frame.copied), Uint8Array.from(frame.levels), blocks);
					writer.hyper(Int16Array.from(frame.hyper), { channels: 2, width: 2, height: 2 });
					for (const pass of [0, 1] as const) writer.pass(symbols, scales, geometry, pass);
					const [baseHash, pictureHash] = [undefined, undefined];
					const [motionBytes, latentBytes] = [writeMotion(field, models), writer.finish()];
					const sample = writeSample({
						type: "inter",
						q: 9,
						baseHash,
						pictureHash,
						motion: motionBytes,
						latents: latentBytes,
					});

					const { motion, latents } = parts(sample);
					const cells = decoder.frame(motion, 8, 8);
					for (let y = 0; y < 8; y++) {
						for (let x = 0; x < 8; x++) {
							const i = 2 * (8 * y + x);
							expect(defined(cells.get(`${x},${y}`))).toMatchObject({
								x: field.vectors[i],
								y: field.vectors[i + 1],
							});
						}
					}
					const empty = [...frame.hyper, ...symbols].every((s) => s === 0) && !frame.copied.includes(0);
					expect(latents.length === 0).toBe(empty);
					if (empty) {
						latentDecoder.skip(6);
						continue;
					}
					const stream = new Stream(latents);
					expect(latentDecoder.quality(stream, 2, 2)).toEqual(frame.offsets);
					expect(latentDecoder.copied(stream, frame.levels, 3, 2)).toEqual(frame.copied);
					expect(latentDecoder.hyper(stream, 2, 2, 2)).toEqual(frame.hyper);
					const decoded = Array.from({ length: 24 }, () => 0);
					for (const pass of [0, 1]) latentDecoder.pass(stream, pass, decoded, frame.scales, [2, 3, 4]);
					stream.end();
					expect(decoded).toEqual(Array.from(symbols));
				}
			}),
			{ seed: 25, numRuns: 120 },
		);
	});
});
