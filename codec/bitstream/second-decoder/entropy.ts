/**
 * For tests: a second decoder of samples, written from SPEC.md sections 3, 4.2 and 5 alone, as plainly as they put it. It shares
 * nothing with the first but the committed tables, so what both agree on is what the text says.
 */

/** What must be there. @throws Error where the stream ends before its time */
export const defined = <T>(value: T | undefined): T => {
	if (value === undefined) throw new Error("read past an end");
	return value;
};

/** A rANS stream: section 5.1. */
export class Stream {
	private readonly bytes: Uint8Array;
	private at = 0;
	private readonly x: number[] = [];
	private turn = 0;
	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
		for (let i = 0; i < 2; i++) this.x.push(65536 + this.leb128());
	}
	private leb128(): number {
		for (let value = 0, unit = 1; unit < 2 ** 35; unit *= 128) {
			const byte = defined(this.bytes[this.at++]);
			value += (byte % 128) * unit;
			if (byte < 128) return value;
		}
		throw new Error("a state of more than five bytes");
	}
	/** One step. @param owner gives start and frequency of the symbol that owns a slot */
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
	/** n bits of probability one half. */
	bits(n: number): number {
		if (n === 0) return 0;
		const frequency = 2 ** (14 - n);
		return this.step((slot) => {
			const value = Math.floor(slot / frequency);
			return { value, start: value * frequency, frequency };
		}).value;
	}
	/** Exp-Golomb of order k: section 5.2. */
	golomb(k: number): number {
		let b = k;
		while (this.bits(1) === 1) b++;
		return 2 ** b + this.bits(b) - 2 ** k;
	}
	/** @throws Error where anything is left */
	end(): void {
		if (this.x.some((x) => x !== 65536) || this.at !== this.bytes.length) throw new Error("the stream goes on");
	}
}

/** An adaptive model: section 5.4. */
export class Model {
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
	/** Reads a symbol and learns from it. */
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

/** Numbers of a table of the text, split by blanks, commas and bars. */
export const numbers = (text: string) =>
	text
		.split(/[\s,|]+/)
		.filter((t) => t !== "")
		.map(Number);
/** The same, so many at a time. */
export function groups(text: string, size: number): number[][] {
	const all = numbers(text);
	return Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size));
}
