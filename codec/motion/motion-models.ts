/** The adaptive models of block motion and what one leaf costs in them (SPEC section 4.2). */
import { AdaptiveModel } from "../entropy/adaptive-model.ts";
import type { RansDecoder, RansEncoder } from "../entropy/rans.ts";
import { LARGEST_CANDIDATES, type MotionField, type Neighbourhood } from "./motion-field.ts";
import { DIFFERENCE_X_WEIGHTS, DIFFERENCE_Y_WEIGHTS, MODE_WEIGHTS, SPLIT_WEIGHTS } from "./motion-weights.ts";

/** Mode symbols: still, merged with candidate 0, 1, ..., explicit. */
export const STILL = 0;
export const MERGED = 1;
export const EXPLICIT = MERGED + LARGEST_CANDIDATES;

/** Classes 0..7 are the magnitudes themselves; class `k` from 8 on has `k - 5` more bits. */
const CLASSES = 16;
const FIRST_WIDE_CLASS = 8;

export class MotionModels {
	readonly split: readonly AdaptiveModel[];
	readonly mode: readonly AdaptiveModel[];
	readonly differenceX: AdaptiveModel;
	readonly differenceY: readonly AdaptiveModel[];
	/** The field of the previous inter frame; undefined right after an intra frame. */
	previous: MotionField | undefined;

	constructor() {
		this.split = SPLIT_WEIGHTS.map((weights) => new AdaptiveModel(weights));
		this.mode = MODE_WEIGHTS.map((weights) => new AdaptiveModel(weights));
		this.differenceX = new AdaptiveModel(DIFFERENCE_X_WEIGHTS);
		this.differenceY = DIFFERENCE_Y_WEIGHTS.map((weights) => new AdaptiveModel(weights));
	}

	/** As at an intra frame: every model at its start, no previous field. */
	reset(): void {
		for (const model of this.all()) model.reset();
		this.previous = undefined;
	}

	/** Takes over the state of other models. */
	copyFrom(other: MotionModels): void {
		const from = other.all();
		this.all().forEach((model, i) => model.copyFrom(from[i] as AdaptiveModel));
		this.previous = other.previous;
	}

	private all(): AdaptiveModel[] {
		return [...this.split, ...this.mode, this.differenceX, ...this.differenceY];
	}

	/** The model of the mode of a block. */
	modeOf(size: number, hood: Neighbourhood): AdaptiveModel {
		return this.mode[(LARGEST_CANDIDATES + 1) * size + hood.candidates] as AdaptiveModel;
	}

	/** Puts the mode and, if explicit, the difference of a leaf; without an encoder it only learns them. */
	putLeaf(encoder: RansEncoder | undefined, size: number, hood: Neighbourhood, x: number, y: number): void {
		const mode = modeFor(hood, x, y);
		this.modeOf(size, hood).put(encoder, mode);
		if (mode !== EXPLICIT) return;
		const classX = putDifference(encoder, this.differenceX, x - hood.predictedX);
		putDifference(encoder, this.differenceY[contextOfY(classX)] as AdaptiveModel, y - hood.predictedY);
	}

	/** Reads a mode symbol. */
	getMode(decoder: RansDecoder, size: number, hood: Neighbourhood): number {
		return this.modeOf(size, hood).get(decoder);
	}

	/** Reads a difference; the vector is that plus the prediction. */
	getDifference(decoder: RansDecoder): { readonly x: number; readonly y: number } {
		const x = getDifference(decoder, this.differenceX);
		const y = getDifference(decoder, this.differenceY[contextOfY(classOf(x))] as AdaptiveModel);
		return { x, y };
	}
}

/** What leaves cost in the present state of the models, for a search that asks a hundred thousand times a frame. */
export class LeafCosts {
	private readonly mode = new Float32Array(3 * (LARGEST_CANDIDATES + 1) * (EXPLICIT + 1));
	/** By class; the bits after the class included. */
	private readonly differenceX = new Float32Array(CLASSES);
	private readonly differenceY = new Float32Array(3 * CLASSES);

	/** Takes over the models' present state. */
	load(models: MotionModels): void {
		models.mode.forEach((model, i) => {
			for (let s = 0; s <= EXPLICIT; s++) this.mode[i * (EXPLICIT + 1) + s] = model.cost(s);
		});
		for (let k = 0; k < CLASSES; k++) {
			this.differenceX[k] = models.differenceX.cost(k) + bitsAfterClass(k);
			models.differenceY.forEach(
				(model, i) => (this.differenceY[i * CLASSES + k] = model.cost(k) + bitsAfterClass(k)),
			);
		}
	}

	/** All of them: modes by size, number of candidates and mode; differences in x by class; in y by context and class. */
	tables(): readonly Float32Array[] {
		return [this.mode, this.differenceX, this.differenceY];
	}

	/** Bits of a leaf with vector `(x, y)`. */
	leaf(size: number, hood: Neighbourhood, x: number, y: number): number {
		const first = ((LARGEST_CANDIDATES + 1) * size + hood.candidates) * (EXPLICIT + 1);
		const mode = modeFor(hood, x, y);
		const bits = this.mode[first + mode] as number;
		if (mode !== EXPLICIT) return bits;
		const classX = classOf(x - hood.predictedX);
		const classY = classOf(y - hood.predictedY);
		return (
			bits +
			(this.differenceX[classX] as number) +
			(this.differenceY[contextOfY(classX) * CLASSES + classY] as number)
		);
	}
}

/** The mode that a vector has: the first that fits. */
export function modeFor(hood: Neighbourhood, x: number, y: number): number {
	if ((x | y) === 0) return STILL;
	for (let i = 0; i < hood.candidates; i++)
		if (hood.candidateX[i] === x && hood.candidateY[i] === y) return MERGED + i;
	return EXPLICIT;
}

function classOf(difference: number): number {
	const magnitude = Math.abs(difference);
	return magnitude < FIRST_WIDE_CLASS ? magnitude : 36 - Math.clz32(magnitude);
}

/** Bits of probability one half that follow a class: the lower bits of a wide one, the sign of all but 0. */
function bitsAfterClass(k: number): number {
	return k === 0 ? 0 : k < FIRST_WIDE_CLASS ? 1 : k - 4;
}

/** A difference that is 0 or large in x tends to be so in y. */
function contextOfY(classX: number): number {
	return classX === 0 ? 0 : classX < FIRST_WIDE_CLASS ? 1 : 2;
}

function putDifference(encoder: RansEncoder | undefined, model: AdaptiveModel, difference: number): number {
	const k = classOf(difference);
	const magnitude = Math.abs(difference);
	model.put(encoder, k);
	if (encoder === undefined) return k;
	if (k >= FIRST_WIDE_CLASS) encoder.putBits(magnitude & ((1 << (k - 5)) - 1), k - 5);
	if (k > 0) encoder.putBits(difference < 0 ? 1 : 0, 1);
	return k;
}

function getDifference(decoder: RansDecoder, model: AdaptiveModel): number {
	const k = model.get(decoder);
	const magnitude = k < FIRST_WIDE_CLASS ? k : (1 << (k - 5)) + decoder.bits(k - 5);
	return k > 0 && decoder.bits(1) === 1 ? -magnitude : magnitude;
}
