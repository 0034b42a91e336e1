/** Directions of the blocks of a bidirectional frame (SPEC section 4.7): one per 16x16 block, with its neighbours as context. */
import { AdaptiveModel } from "./adaptive-model.ts";
import type { BlockGrid } from "./copied-coder.ts";
import type { RansDecoder, RansEncoder } from "./rans.ts";

/** Both references, the future one, the past one. */
const DIRECTIONS = 3;
/** First weights by what the left and the upper block have, 0 where there is none. */
const WEIGHTS = Array.from({ length: DIRECTIONS ** 2 }, (_, context) => {
	const weights = [700, 100, 100];
	for (const neighbour of [Math.floor(context / DIRECTIONS), context % DIRECTIONS]) {
		weights[neighbour] = (weights[neighbour] as number) + 400;
	}
	return weights;
});

/** What encoder and decoder have learned of directions since the last intra frame. */
export class DirectionModels {
	private readonly models = WEIGHTS.map((weights) => new AdaptiveModel(weights));

	/** Puts the directions of a frame, row by row, and learns them. */
	put(encoder: RansEncoder, directions: Uint8Array, grid: BlockGrid): void {
		this.walk(directions, grid, (model, i) => {
			const direction = directions[i] as number;
			model.put(encoder, direction);
			return direction;
		});
	}

	/** Reads the directions of a frame and learns them. */
	get(decoder: RansDecoder, grid: BlockGrid): Uint8Array {
		const directions = new Uint8Array(grid.width * grid.height);
		this.walk(directions, grid, (model) => model.get(decoder));
		return directions;
	}

	/**
	 * The directions that cost least, in order and greedily. Learns nothing.
	 *
	 * @param gains bits that each direction saves against both references, without its own; those of the future and those of the past
	 */
	choose(gains: readonly [Float32Array, Float32Array], grid: BlockGrid): Uint8Array {
		const trial = new DirectionModels();
		trial.models.forEach((model, i) => model.copyFrom(this.models[i] as AdaptiveModel));
		const directions = new Uint8Array(grid.width * grid.height);
		trial.walk(directions, grid, (model, i) => {
			let best = 0;
			let least = model.cost(0);
			gains.forEach((gain, k) => {
				const cost = model.cost(k + 1) - (gain[i] as number);
				if (cost >= least) return;
				least = cost;
				best = k + 1;
			});
			model.learn(best);
			return best;
		});
		return directions;
	}

	private walk(
		directions: Uint8Array,
		{ width, height }: BlockGrid,
		code: (model: AdaptiveModel, i: number) => number,
	): void {
		if (directions.length !== width * height) {
			throw new RangeError(`${directions.length} directions do not fit ${width * height} blocks.`);
		}
		for (let i = 0; i < directions.length; i++) {
			const left = i % width > 0 ? (directions[i - 1] as number) : 0;
			const up = i >= width ? (directions[i - width] as number) : 0;
			directions[i] = code(this.models[DIRECTIONS * left + up] as AdaptiveModel, i);
		}
	}
}
