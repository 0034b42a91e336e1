/** Block motion of an inter frame in the entropy coder: writer and reader side by side (SPEC section 4.2). */
import type { AdaptiveModel } from "../entropy/adaptive-model.ts";
import type { RansDecoder, RansEncoder } from "../entropy/rans.ts";
import { CodecError } from "../errors.ts";
import {
	emptyNeighbourhood,
	HIGHEST_VECTOR,
	LOWEST_VECTOR,
	MotionField,
	type Neighbourhood,
	ROOT_CELLS,
	ROOT_SIZE,
} from "./motion-field.ts";
import { EXPLICIT, MERGED, MotionModels, STILL } from "./motion-models.ts";

export { MotionField, MotionModels };

/** What writing and reading a frame have in common. */
type Walk = { readonly models: MotionModels; readonly field: MotionField; readonly hood: Neighbourhood };

/**
 * Puts the motion of an inter frame and lets `models` learn it.
 *
 * @param field complete: every cell has its leaf. Modes follow from the vectors
 * @param models state since the last intra frame
 * @returns whether anything was put: nothing is where nothing moves
 * @throws RangeError where the field is incomplete or a vector is out of range
 */
export function putMotion(encoder: RansEncoder, field: MotionField, models: MotionModels): boolean {
	if (field.vectors.every((v) => v === 0)) {
		models.previous = undefined;
		return false;
	}
	putField(encoder, field, models);
	return true;
}

/** Puts a field, whatever it holds, and lets `models` learn it. @throws RangeError as {@link putMotion} */
export function putField(encoder: RansEncoder, field: MotionField, models: MotionModels): void {
	const { columns, rows } = field;
	const walk = { models, field: new MotionField(columns, rows), hood: emptyNeighbourhood() };
	for (let row = 0; row < rows; row += ROOT_CELLS) {
		for (let column = 0; column < columns; column += ROOT_CELLS) writeRoot(encoder, walk, field, column, row);
	}
	models.previous = walk.field;
}

/**
 * Writes one 32x32 block of `from`, paints it into the walk's field, and learns it; without an encoder it does the
 * latter two only.
 */
export function writeRoot(
	encoder: RansEncoder | undefined,
	walk: Walk,
	from: MotionField,
	column: number,
	row: number,
): void {
	writeBlock(encoder, walk, from, column, row, ROOT_SIZE);
}

function writeBlock(
	encoder: RansEncoder | undefined,
	walk: Walk,
	from: MotionField,
	column: number,
	row: number,
	size: number,
): void {
	const { models, field, hood } = walk;
	const leaf = from.sizeAt(column, row);
	if (leaf < 0) throw new RangeError(`No leaf covers cell (${column}, ${row}).`);
	if (size > 0) {
		const split = leaf < size ? 1 : 0;
		(models.split[field.splitContext(column, row, size, models.previous)] as AdaptiveModel).put(encoder, split);
		if (split === 1) {
			const half = 1 << (size - 1);
			for (let k = 0; k < 4; k++) {
				writeBlock(encoder, walk, from, column + (k & 1) * half, row + (k >> 1) * half, size - 1);
			}
			return;
		}
	}
	const cell = row * from.columns + column;
	const x = from.vectors[2 * cell] as number;
	const y = from.vectors[2 * cell + 1] as number;
	if (Math.min(x, y) < LOWEST_VECTOR || Math.max(x, y) > HIGHEST_VECTOR) {
		throw new RangeError(`Vector (${x}, ${y}) is out of range.`);
	}
	field.look(column, row, size, models.previous, hood);
	models.putLeaf(encoder, size, hood, x, y);
	field.paint(column, row, size, x, y);
}

/**
 * Reads what {@link putMotion} put and lets `models` learn it. After damage the models are of no use until the
 * next intra frame.
 *
 * @param decoder undefined: nothing was put
 * @param columns coded width / 8, a multiple of 4
 * @param rows coded height / 8, a multiple of 4
 * @throws CodecError `damaged-sample`
 */
export function getMotion(
	decoder: RansDecoder | undefined,
	columns: number,
	rows: number,
	models: MotionModels,
): MotionField {
	if (decoder === undefined) {
		models.previous = undefined;
		return stillField(columns, rows);
	}
	return getField(decoder, columns, rows, models);
}

/** A field in which nothing moves. */
export function stillField(columns: number, rows: number): MotionField {
	const field = new MotionField(columns, rows);
	field.leaves.fill(ROOT_SIZE + 1);
	return field;
}

/** Reads what {@link putField} put. @throws CodecError `damaged-sample` */
export function getField(decoder: RansDecoder, columns: number, rows: number, models: MotionModels): MotionField {
	const field = new MotionField(columns, rows);
	const walk = { models, field, hood: emptyNeighbourhood() };
	for (let row = 0; row < rows; row += ROOT_CELLS) {
		for (let column = 0; column < columns; column += ROOT_CELLS) {
			readBlock(decoder, walk, column, row, ROOT_SIZE);
			if (decoder.error) throw new CodecError("damaged-sample", "The block motion is cut short.");
		}
	}
	models.previous = field;
	return field;
}

function readBlock(decoder: RansDecoder, walk: Walk, column: number, row: number, size: number): void {
	const { models, field, hood } = walk;
	if (size > 0) {
		const split = (models.split[field.splitContext(column, row, size, models.previous)] as AdaptiveModel).get(
			decoder,
		);
		if (split === 1) {
			const half = 1 << (size - 1);
			for (let k = 0; k < 4; k++) {
				readBlock(decoder, walk, column + (k & 1) * half, row + (k >> 1) * half, size - 1);
			}
			return;
		}
	}
	field.look(column, row, size, models.previous, hood);
	const mode = models.getMode(decoder, size, hood);
	let x = 0;
	let y = 0;
	if (mode === EXPLICIT) {
		const difference = models.getDifference(decoder);
		x = hood.predictedX + difference.x;
		y = hood.predictedY + difference.y;
		if (Math.min(x, y) < LOWEST_VECTOR || Math.max(x, y) > HIGHEST_VECTOR || (x | y) === 0) {
			throw new CodecError("damaged-sample", `The block motion has an impossible vector (${x}, ${y}).`);
		}
	} else if (mode !== STILL) {
		if (mode - MERGED >= hood.candidates) {
			throw new CodecError("damaged-sample", "The block motion merges with a neighbour that is not there.");
		}
		x = hood.candidateX[mode - MERGED] as number;
		y = hood.candidateY[mode - MERGED] as number;
	}
	field.paint(column, row, size, x, y);
}
