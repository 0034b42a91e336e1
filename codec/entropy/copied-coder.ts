/**
 * Flags of copied blocks (SPEC section 5.3): one per 16x16 block of an inter frame, with the neighbours, the frame before and the
 * change of the base as context. A still scene costs a hundredth of a bit a block.
 */
import { AdaptiveModel } from "./adaptive-model.ts";
import type { RansDecoder, RansEncoder } from "./rans.ts";

/** Levels of the base's change in a block. */
export const CHANGE_LEVELS = 4;

/** A map of blocks `[height, width]`. */
export type BlockGrid = { readonly width: number; readonly height: number };

/** Coded, copied: first weights in thousandths, by {@link contextOf}; counted over three clips at three rates. */
// prettier-ignore
const WEIGHTS = [
	[929, 71], [945, 55], [896, 104], [930, 70],
	[230, 770], [358, 642], [496, 504], [646, 354],
	[484, 516], [767, 233], [704, 296], [894, 106],
	[768, 232], [769, 231], [782, 218], [852, 148],
	[95, 905], [166, 834], [297, 703], [436, 564],
	[545, 455], [482, 518], [522, 478], [716, 284],
	[526, 474], [320, 680], [491, 509], [643, 357],
	[82, 918], [72, 928], [142, 858], [265, 735],
	[83, 917], [202, 798], [349, 651], [446, 554],
];

/** Which of the models codes a block. */
export function contextOf(
	flags: Uint8Array,
	previous: Uint8Array | undefined,
	levels: Uint8Array,
	width: number,
	i: number,
): number {
	const left = i % width > 0 ? (flags[i - 1] as number) : 0;
	const up = i >= width ? (flags[i - width] as number) : 0;
	const before = previous === undefined ? 2 : (previous[i] as number);
	return (3 * (left + up) + before) * CHANGE_LEVELS + (levels[i] as number);
}

/** What encoder and decoder have learned of copied blocks since the last intra frame. */
export class CopiedModels {
	private readonly models = WEIGHTS.map((weights) => new AdaptiveModel(weights));
	private previous: Uint8Array | undefined;

	/** Takes over the state of others. */
	copyFrom(other: CopiedModels): void {
		this.models.forEach((model, i) => model.copyFrom(other.models[i] as AdaptiveModel));
		this.previous = other.previous;
	}

	/** A frame all of whose blocks are copied, without having been coded. */
	allCopied(blocks: number): void {
		this.previous = new Uint8Array(blocks).fill(1);
	}

	/**
	 * Puts the flags of an inter frame and learns them.
	 *
	 * @param flags 1 where the block is copied, row by row. @param levels 0..3, the base's change in each block
	 */
	put(encoder: RansEncoder, flags: Uint8Array, levels: Uint8Array, grid: BlockGrid): void {
		this.walk(flags, levels, grid, (model, i) => {
			const flag = flags[i] as number;
			model.put(encoder, flag);
			return flag;
		});
	}

	/** Reads the flags of an inter frame into `flags` and learns them. */
	get(decoder: RansDecoder, flags: Uint8Array, levels: Uint8Array, grid: BlockGrid): void {
		this.walk(flags, levels, grid, (model) => model.get(decoder));
	}

	/**
	 * Flags that save most, in order and greedily: a block is copied where that saves more bits than its flag costs more.
	 * Learns nothing.
	 *
	 * @param gains bits that copying saves, without the flag's
	 */
	choose(gains: Float32Array, levels: Uint8Array, grid: BlockGrid): Uint8Array {
		const trial = new CopiedModels();
		trial.copyFrom(this);
		const flags = new Uint8Array(gains.length);
		trial.walk(flags, levels, grid, (model, i) => {
			const flag = (gains[i] as number) + model.cost(0) - model.cost(1) > 0 ? 1 : 0;
			model.learn(flag);
			return flag;
		});
		return flags;
	}

	private walk(
		flags: Uint8Array,
		levels: Uint8Array,
		{ width, height }: BlockGrid,
		code: (model: AdaptiveModel, i: number) => number,
	): void {
		const blocks = width * height;
		if (flags.length !== blocks || levels.length !== blocks) {
			throw new RangeError(`${flags.length} flags and ${levels.length} levels do not fit ${blocks} blocks.`);
		}
		for (let i = 0; i < blocks; i++) {
			const context = contextOf(flags, this.previous, levels, width, i);
			flags[i] = code(this.models[context] as AdaptiveModel, i);
		}
		this.previous = flags.slice();
	}
}
