/**
 * A distribution that follows the symbols it has seen (SPEC section 5): a cumulative table of total 2^14 which moves
 * towards the symbol's own table after each use, quickly at first. Encoder and decoder adapt alike.
 */
import { FREQUENCY_BITS, FREQUENCY_TOTAL, type RansDecoder, type RansEncoder } from "./rans.ts";

/** Adaptation shift by the number of symbols seen: 3 for two symbols, 4 up to 14, 5 up to 38, then 6. */
const SHIFTS = Uint8Array.from({ length: 39 }, (_, seen) => (seen < 2 ? 3 : seen < 14 ? 4 : seen < 38 ? 5 : 6));
/** Bits of a symbol by frequency. */
const BITS = Float32Array.from({ length: FREQUENCY_TOTAL + 1 }, (_, f) => FREQUENCY_BITS - Math.log2(f));

export class AdaptiveModel {
	/** Size of the alphabet, 2..16. */
	readonly symbols: number;
	/** `cdf[s] .. cdf[s + 1] - 1` are the slots of symbol `s`. */
	private readonly cdf: Uint16Array;
	private readonly initial: Uint16Array;
	private seen = 0;

	/**
	 * @param weights one positive integer per symbol: the first distribution, in any unit. Symbol `s` gets
	 * `1 + floor((2^14 - n) * weight / sum)` slots, the first symbol the slots that are left.
	 */
	constructor(weights: readonly number[]) {
		const n = weights.length;
		if (n < 2 || n > 16) throw new RangeError(`An adaptive model has 2 to 16 symbols, not ${n}.`);
		this.symbols = n;
		const sum = weights.reduce((a, b) => a + b, 0);
		this.initial = new Uint16Array(n + 1);
		let end = FREQUENCY_TOTAL;
		for (let s = n - 1; s > 0; s--) {
			this.initial[s + 1] = end;
			end -= 1 + Math.floor(((FREQUENCY_TOTAL - n) * (weights[s] as number)) / sum);
		}
		this.initial[1] = end;
		this.cdf = this.initial.slice();
	}

	/** Forgets what it has seen. */
	reset(): void {
		this.cdf.set(this.initial);
		this.seen = 0;
	}

	/** Takes over the state of a model of the same alphabet. */
	copyFrom(other: AdaptiveModel): void {
		this.cdf.set(other.cdf);
		this.seen = other.seen;
	}

	/** Bits that `symbol` costs now. */
	cost(symbol: number): number {
		return BITS[(this.cdf[symbol + 1] as number) - (this.cdf[symbol] as number)] as number;
	}

	/** Puts `symbol` and learns it; without an encoder it only learns. */
	put(encoder: RansEncoder | undefined, symbol: number): void {
		const start = this.cdf[symbol] as number;
		encoder?.put(start, (this.cdf[symbol + 1] as number) - start);
		this.learn(symbol);
	}

	/** Reads a symbol and learns it. */
	get(decoder: RansDecoder): number {
		const slot = decoder.slot();
		let symbol = 0;
		while ((this.cdf[symbol + 1] as number) <= slot) symbol++;
		const start = this.cdf[symbol] as number;
		decoder.advance(start, (this.cdf[symbol + 1] as number) - start);
		this.learn(symbol);
		return symbol;
	}

	/**
	 * Every bound moves towards the table in which `symbol` has all slots but one per other symbol. That floor keeps
	 * every frequency at 1 or more whatever comes: a gap of d shrinks by at most d - 1.
	 */
	learn(symbol: number): void {
		const { cdf, symbols } = this;
		const shift = SHIFTS[this.seen] as number;
		if (this.seen < SHIFTS.length - 1) this.seen++;
		for (let i = 1; i < symbols; i++) {
			const target = i <= symbol ? i : FREQUENCY_TOTAL - symbols + i;
			const bound = cdf[i] as number;
			cdf[i] = bound + ((target - bound) >> shift);
		}
	}
}
