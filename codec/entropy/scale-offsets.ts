/**
 * Scale offsets (SPEC section 5.3): the prior's scale indices are corrected by what the encoder measured in the frame at
 * hand, by context: the pass, how many decoded neighbours in the same plane are not 0, and how large the scale is.
 */
import { AdaptiveModel } from "./adaptive-model.ts";
import { CONTEXTS, eachContext, FIRST_CONTEXT, type LatentGeometry, type LatentPass } from "./latent-contexts.ts";
import type { RansDecoder, RansEncoder } from "./rans.ts";
import { SCALES, symbolCosts } from "./tables.ts";

/** Groups of scale indices that share an offset begin here. */
const GROUP_STARTS = [1, 6, 14, 24];
const GROUPS = GROUP_STARTS.length;
const GROUP_OF = Uint8Array.from({ length: SCALES }, (_, scale) => {
	return Math.max(
		GROUP_STARTS.findLastIndex((start) => start <= scale),
		0,
	);
});

/** Offsets are in this range either way. */
export const LARGEST_OFFSET = 12;
/** An offset changes by at most this from one frame to the next: the alphabet of its model is 0, +1, -1, ... */
const LARGEST_CHANGE = 7;
const CHANGES = 2 * LARGEST_CHANGE + 1;

/** First weights by whether the offset before in this frame changed: no change, +1, -1, +2, ... */
// prettier-ignore
const CHANGE_WEIGHTS = [
	[820, 22, 22, 20, 20, 15, 15, 12, 12, 9, 9, 7, 7, 5, 5],
	[560, 50, 50, 45, 45, 40, 40, 30, 30, 25, 25, 18, 18, 12, 12],
];

/** Offsets of the last frame and what was learned of their changes since the last intra frame. */
export class ScaleOffsets {
	private readonly models = CHANGE_WEIGHTS.map((weights) => new AdaptiveModel(weights));
	/** By `GROUPS * context + group`. */
	private readonly offsets = new Int8Array(CONTEXTS * GROUPS);

	/** Takes over the state of others. */
	copyFrom(other: ScaleOffsets): void {
		this.models.forEach((model, i) => model.copyFrom(other.models[i] as AdaptiveModel));
		this.offsets.set(other.offsets);
	}

	/**
	 * Chooses the offsets of a pass by the bits of its symbols, puts them and learns them.
	 *
	 * @param symbols of this pass and those before. @param scales of this pass
	 * @returns scale index to code with, by `context << 6 | scale index`
	 */
	put(
		encoder: RansEncoder,
		symbols: Int16Array,
		scales: Uint8Array,
		geometry: LatentGeometry,
		pass: LatentPass,
	): Uint8Array {
		const bits = this.bitsOfChanges(symbols, scales, geometry, pass);
		return this.walk(pass, (model, i) => {
			let best = 0;
			let least = Number.POSITIVE_INFINITY;
			for (let change = 0; change < CHANGES; change++) {
				const cost = (bits[i * CHANGES + change] as number) + model.cost(change);
				if (Math.abs((this.offsets[i] as number) + changeOf(change)) > LARGEST_OFFSET || cost >= least)
					continue;
				least = cost;
				best = change;
			}
			model.put(encoder, best);
			return best;
		});
	}

	/** Reads the offsets of a pass and learns them. Damage sets the decoder's `error`. @returns as {@link put} */
	get(decoder: RansDecoder, pass: LatentPass): Uint8Array {
		return this.walk(pass, (model, i) => {
			const change = model.get(decoder);
			if (Math.abs((this.offsets[i] as number) + changeOf(change)) <= LARGEST_OFFSET) return change;
			decoder.error = true;
			return 0;
		});
	}

	private walk(pass: LatentPass, code: (model: AdaptiveModel, i: number) => number): Uint8Array {
		const [from, to] = pass === 0 ? [0, FIRST_CONTEXT[1]] : [FIRST_CONTEXT[1], CONTEXTS];
		const table = new Uint8Array(CONTEXTS * SCALES);
		let before = 0;
		for (let context = from; context < to; context++) {
			for (let group = 0; group < GROUPS; group++) {
				const i = GROUPS * context + group;
				before = code(this.models[before === 0 ? 0 : 1] as AdaptiveModel, i);
				this.offsets[i] = (this.offsets[i] as number) + changeOf(before);
			}
			for (let scale = 1; scale < SCALES; scale++) {
				const corrected = scale + (this.offsets[GROUPS * context + (GROUP_OF[scale] as number)] as number);
				table[context * SCALES + scale] = Math.min(Math.max(corrected, 1), SCALES - 1);
			}
		}
		return table;
	}

	/** Bits of the symbols of a pass for each change of each offset. */
	private bitsOfChanges(
		symbols: Int16Array,
		scales: Uint8Array,
		geometry: LatentGeometry,
		pass: LatentPass,
	): Float64Array {
		const bits = new Float64Array(CONTEXTS * GROUPS * CHANGES);
		const costs = symbolCosts();
		const add = (context: number, scale: number, magnitude: number, count: number) => {
			const offset = GROUPS * context + (GROUP_OF[scale] as number);
			const middle = scale + (this.offsets[offset] as number);
			for (let change = 0, at = offset * CHANGES; change < CHANGES; change++, at++) {
				const index = Math.min(Math.max(middle + changeOf(change), 1), SCALES - 1);
				bits[at] = (bits[at] as number) + count * (costs[(index << 8) | magnitude] as number);
			}
		};
		// Nearly all symbols are 0: those are counted, and priced together.
		const zeros = new Uint32Array(CONTEXTS * SCALES);
		eachContext(symbols, scales, geometry, pass, (i, context, scale) => {
			const magnitude = Math.abs(symbols[i] as number);
			if (magnitude > 0) return add(context, scale, magnitude, 1);
			const at = context * SCALES + scale;
			zeros[at] = (zeros[at] as number) + 1;
		});
		zeros.forEach((count, at) => {
			if (count > 0) add(Math.floor(at / SCALES), at % SCALES, 0, count);
		});
		return bits;
	}
}

/** 0, 1, 2, 3, ... as 0, +1, -1, +2, ... */
function changeOf(symbol: number): number {
	return symbol & 1 ? (symbol + 1) >> 1 : -(symbol >> 1);
}
