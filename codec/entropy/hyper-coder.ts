/**
 * Hyper latents (SPEC section 5.3): few symbols, alike from frame to frame and from cell to cell, so adaptive models with the
 * neighbours in space and time as context. That halves their bytes against one fixed distribution a plane.
 */
import { AdaptiveModel } from "./adaptive-model.ts";
import { getGolomb, putGolomb } from "./golomb.ts";
import type { RansDecoder, RansEncoder } from "./rans.ts";
import { LARGEST_SYMBOL } from "./tables.ts";

/** Size of a tensor of hyper latents `[channels, height, width]`. */
export type HyperGeometry = { readonly channels: number; readonly width: number; readonly height: number };

/** Level symbols are magnitudes less 1; the last one is an escape. */
const LEVELS = 16;
const ESCAPE = LEVELS - 1;
const ESCAPE_ORDER = 2;

/** First weights, in thousandths, counted over five clips at three rates: plane empty, plane coded. By {@link History}. */
const CODED_WEIGHTS = [
	[725, 275],
	[990, 10],
	[43, 957],
];
/** By `3 * min(|left| + |up|, 2) + min(|previous|, 2)`: zero, not zero. */
// prettier-ignore
const ZERO_WEIGHTS = [
	[963, 37], [673, 327], [808, 192],
	[787, 213], [381, 619], [357, 643],
	[314, 686], [185, 815], [61, 939],
];
/** By the sum of the three magnitudes: 0, 1 or 2, more. */
// prettier-ignore
const LEVEL_WEIGHTS = [
	[970, 18, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
	[930, 51, 5, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
	[482, 254, 129, 59, 28, 15, 12, 6, 4, 3, 3, 2, 1, 1, 1, 1],
];
/** By the sign that the neighbours suggest (none, plus, minus): plus, minus. */
// prettier-ignore
const SIGN_WEIGHTS = [[500, 500], [915, 85], [70, 930]];

/** What is known of a plane beforehand: there is no frame before, it was empty there, it was coded there. */
type History = 0 | 1 | 2;

/** The models of one plane. */
class PlaneModels {
	/** By {@link History}. */
	readonly coded = CODED_WEIGHTS.map((weights) => new AdaptiveModel(weights));
	readonly zero = ZERO_WEIGHTS.map((weights) => new AdaptiveModel(weights));
	readonly level = LEVEL_WEIGHTS.map((weights) => new AdaptiveModel(weights));
	readonly sign = SIGN_WEIGHTS.map((weights) => new AdaptiveModel(weights));

	all(): AdaptiveModel[] {
		return [...this.coded, ...this.zero, ...this.level, ...this.sign];
	}
}

/** What encoder and decoder have learned of hyper latents since the last intra frame. */
export class HyperModels {
	private readonly planes: PlaneModels[] = [];
	private previous: Int16Array | undefined;

	/** Takes over the state of others. */
	copyFrom(other: HyperModels): void {
		this.planes.length = 0;
		for (const plane of other.planes) {
			const copy = new PlaneModels();
			copy.all().forEach((model, i) => model.copyFrom(plane.all()[i] as AdaptiveModel));
			this.planes.push(copy);
		}
		this.previous = other.previous;
	}

	/** A frame whose hyper latents are all 0 without having been coded: for the next one it is as if there were none. */
	skip(): void {
		this.previous = undefined;
	}

	/**
	 * Puts the hyper latents of a frame and learns them.
	 *
	 * @param symbols -255..255, `[channels, height, width]`
	 * @throws RangeError where a symbol is out of range or the length wrong
	 */
	put(encoder: RansEncoder, symbols: Int16Array, geometry: HyperGeometry): void {
		if (symbols.some((s) => Math.abs(s) > LARGEST_SYMBOL)) throw new RangeError("A hyper latent is out of range.");
		this.walk(symbols, geometry, {
			symbol: (model, symbol) => {
				model.put(encoder, symbol);
				return symbol;
			},
			escaped: (value) => {
				putGolomb(encoder, value, ESCAPE_ORDER);
				return value;
			},
		});
	}

	/** Reads the hyper latents of a frame into `symbols` and learns them. Damage sets the decoder's `error`. */
	get(decoder: RansDecoder, symbols: Int16Array, geometry: HyperGeometry): void {
		symbols.fill(0);
		this.walk(symbols, geometry, {
			symbol: (model) => model.get(decoder),
			escaped: () => {
				const value = getGolomb(decoder, ESCAPE_ORDER);
				if (value <= LARGEST_SYMBOL - LEVELS) return value;
				decoder.error = true;
				return 0;
			},
		});
	}

	/** The order in which both sides go through a frame; what a coder returns is what counts. */
	private walk(symbols: Int16Array, geometry: HyperGeometry, coder: Coder): void {
		const { channels, width, height } = geometry;
		const cells = width * height;
		if (symbols.length !== channels * cells) {
			throw new RangeError(`${symbols.length} hyper latents do not fit ${channels} planes of ${cells}.`);
		}
		const previous = this.previous ?? new Int16Array(symbols.length);
		for (let c = 0, first = 0; c < channels; c++, first += cells) {
			const models = (this.planes[c] ??= new PlaneModels());
			const plane = symbols.subarray(first, first + cells);
			const before = previous.subarray(first, first + cells);
			const history: History = this.previous === undefined ? 0 : before.some((s) => s !== 0) ? 2 : 1;
			const coded = models.coded[history] as AdaptiveModel;
			if (coder.symbol(coded, plane.some((s) => s !== 0) ? 1 : 0) === 0) continue;
			for (let i = 0; i < cells; i++) {
				const left = i % width > 0 ? (plane[i - 1] as number) : 0;
				const up = i >= width ? (plane[i - width] as number) : 0;
				plane[i] = codeCell(models, coder, plane[i] as number, left, up, before[i] as number);
			}
		}
		this.previous = symbols.slice();
	}
}

/** Writes what it is given, or ignores that and reads. */
type Coder = {
	readonly symbol: (model: AdaptiveModel, symbol: number) => number;
	readonly escaped: (value: number) => number;
};

function codeCell(
	models: PlaneModels,
	coder: Coder,
	value: number,
	left: number,
	up: number,
	previous: number,
): number {
	const around = Math.abs(left) + Math.abs(up);
	const before = Math.abs(previous);
	const zero = models.zero[3 * Math.min(around, 2) + Math.min(before, 2)] as AdaptiveModel;
	if (coder.symbol(zero, value === 0 ? 0 : 1) === 0) return 0;
	const sum = around + before;
	const level = models.level[sum === 0 ? 0 : sum <= 2 ? 1 : 2] as AdaptiveModel;
	const magnitude = Math.abs(value);
	const coded = coder.symbol(level, Math.min(magnitude - 1, ESCAPE));
	const read = coded < ESCAPE ? coded + 1 : LEVELS + coder.escaped(magnitude - LEVELS);
	const hint = previous === 0 ? left + up : previous;
	const sign = models.sign[hint === 0 ? 0 : hint > 0 ? 1 : 2] as AdaptiveModel;
	return coder.symbol(sign, value < 0 ? 1 : 0) === 1 ? -read : read;
}
