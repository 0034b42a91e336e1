/** Motion of a bidirectional frame: a field that points into the future, mirrored into the past, and a direction for each block (SPEC section 4.7). */
import { DirectionModels } from "../entropy/direction-coder.ts";
import type { RansDecoder, RansEncoder } from "../entropy/rans.ts";
import type { BlockMotion } from "./block-motion.ts";
import type { DirectionMap } from "./direction-map.ts";
import { getField, MotionField, MotionModels, putField, stillField } from "./syntax.ts";

/** What is known of motion since the last intra frame; a new one for each intra frame. */
export class MotionHistory {
	/** Of inter frames. */
	readonly inter = new MotionModels();
	private readonly between = new MotionModels();
	readonly directions = new DirectionModels();

	/** Of bidirectional frames: models of their own, and half the way of the inter frame around them as the previous field. */
	bidirectional(): MotionModels {
		const { previous } = this.inter;
		this.between.previous = previous === undefined ? undefined : halfway(previous);
		return this.between;
	}
}

/** The field of a frame in the middle of what `field` spans, from there into the future: half of it, backwards. */
function halfway(field: MotionField): MotionField {
	const half = new MotionField(field.columns, field.rows);
	half.leaves.set(field.leaves);
	for (let i = 0; i < field.vectors.length; i++) half.vectors[i] = -((field.vectors[i] as number) >> 1);
	return half;
}

/** The same motion the other way: into the past. */
export function mirrored(motion: BlockMotion): BlockMotion {
	return { ...motion, vectors: motion.vectors.map((v) => -v) };
}

/** The motion of one bidirectional frame. */
export type BidirectionalMotion = { readonly field: MotionField; readonly directions: DirectionMap };

/**
 * Puts the motion of a bidirectional frame and lets `history` learn it.
 *
 * @returns whether anything was put: nothing is where nothing moves and every block has both references
 * @throws RangeError as `putMotion`
 */
export function putBidirectionalMotion(
	encoder: RansEncoder,
	motion: BidirectionalMotion,
	history: MotionHistory,
): boolean {
	const { field, directions } = motion;
	if (field.vectors.every((v) => v === 0) && directions.directions.every((direction) => direction === 0)) {
		return false;
	}
	putField(encoder, field, history.bidirectional());
	history.directions.put(encoder, directions.directions, { width: directions.columns, height: directions.rows });
	return true;
}

/**
 * Reads what {@link putBidirectionalMotion} put and lets `history` learn it.
 *
 * @param decoder undefined: nothing was put. @param columns coded width / 8, a multiple of 4. @param rows coded height / 8, a multiple of 4
 * @throws CodecError `damaged-sample`
 */
export function getBidirectionalMotion(
	decoder: RansDecoder | undefined,
	columns: number,
	rows: number,
	history: MotionHistory,
): BidirectionalMotion {
	const grid = { width: columns / 2, height: rows / 2 };
	const map = (directions: Uint8Array) => ({ columns: grid.width, rows: grid.height, directions });
	if (decoder === undefined) {
		return { field: stillField(columns, rows), directions: map(new Uint8Array(grid.width * grid.height)) };
	}
	const field = getField(decoder, columns, rows, history.bidirectional());
	const directions = map(history.directions.get(decoder, grid));
	return { field, directions };
}
