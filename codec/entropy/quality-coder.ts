/**
 * Quality offsets of blocks (SPEC section 5.3): one per 32x32 block, expected as it was in the frame before or, in an intra frame,
 * like its neighbours.
 */
import { AdaptiveModel } from "./adaptive-model.ts";
import type { BlockGrid } from "./copied-coder.ts";
import type { RansDecoder, RansEncoder } from "./rans.ts";

/** Offsets are -4..4. */
export const LARGEST_OFFSET = 4;
const OFFSETS = 2 * LARGEST_OFFSET + 1;
/** All offsets are 0; some are not. */
const UNEVEN_WEIGHTS = [600, 400];
/** By the distance from what is expected. */
const WEIGHTS_IN_TIME = [900, 45, 2, 2, 2, 2, 2, 2, 2];
const WEIGHTS_IN_SPACE = [300, 180, 80, 35, 15, 7, 3, 2, 2];

/** One model per expected offset. */
function modelsOf(weights: readonly number[]): AdaptiveModel[] {
	const all = Array.from({ length: OFFSETS }, (_, i) => i);
	return all.map((expected) => new AdaptiveModel(all.map((i) => weights[Math.abs(i - expected)] as number)));
}

/** What encoder and decoder have learned of quality offsets since the last intra frame. */
export class QualityModels {
	private readonly uneven = new AdaptiveModel(UNEVEN_WEIGHTS);
	private readonly inTime = modelsOf(WEIGHTS_IN_TIME);
	private readonly inSpace = modelsOf(WEIGHTS_IN_SPACE);
	private previous: Int8Array | undefined;

	/** Takes over the state of others. */
	copyFrom(other: QualityModels): void {
		this.uneven.copyFrom(other.uneven);
		this.inTime.forEach((model, i) => model.copyFrom(other.inTime[i] as AdaptiveModel));
		this.inSpace.forEach((model, i) => model.copyFrom(other.inSpace[i] as AdaptiveModel));
		this.previous = other.previous;
	}

	/** A frame without latent bytes: fills `offsets` with what they were, or 0. */
	stay(offsets: Int8Array): void {
		offsets.set(this.previous ?? new Int8Array(offsets.length));
	}

	/**
	 * Puts the offsets of a frame and learns them.
	 *
	 * @param offsets -4..4, row by row. @throws RangeError where one is out of range or the length wrong
	 */
	put(encoder: RansEncoder, offsets: Int8Array, grid: BlockGrid): void {
		if (offsets.some((offset) => Math.abs(offset) > LARGEST_OFFSET)) {
			throw new RangeError(`A quality offset is beyond ${LARGEST_OFFSET}.`);
		}
		this.walk(offsets, grid, (model, symbol) => {
			model.put(encoder, symbol);
			return symbol;
		});
	}

	/** Reads the offsets of a frame into `offsets` and learns them. */
	get(decoder: RansDecoder, offsets: Int8Array, grid: BlockGrid): void {
		this.walk(offsets, grid, (model) => model.get(decoder));
	}

	private walk(
		offsets: Int8Array,
		{ width, height }: BlockGrid,
		code: (model: AdaptiveModel, symbol: number) => number,
	): void {
		if (offsets.length !== width * height) {
			throw new RangeError(`${offsets.length} offsets do not fit ${width * height} blocks.`);
		}
		const { previous } = this;
		if (code(this.uneven, offsets.some((offset) => offset !== 0) ? 1 : 0) === 0) offsets.fill(0);
		else {
			for (let i = 0; i < offsets.length; i++) {
				const model =
					previous === undefined
						? this.inSpace[neighbours(offsets, width, i) + LARGEST_OFFSET]
						: this.inTime[(previous[i] as number) + LARGEST_OFFSET];
				offsets[i] = code(model as AdaptiveModel, (offsets[i] as number) + LARGEST_OFFSET) - LARGEST_OFFSET;
			}
		}
		this.previous = offsets.slice();
	}
}

/** What the blocks before and above suggest: the floor of their mean, or the one there is. */
function neighbours(offsets: Int8Array, width: number, i: number): number {
	const left = i % width > 0 ? (offsets[i - 1] as number) : undefined;
	const up = i >= width ? (offsets[i - width] as number) : undefined;
	if (left === undefined) return up ?? 0;
	return up === undefined ? left : (left + up) >> 1;
}
