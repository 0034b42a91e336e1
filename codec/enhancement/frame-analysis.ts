import type { DeviceTensor } from "../model/executor.ts";
import type { MotionField, MotionModels } from "../motion/syntax.ts";
import type { SourcePicture } from "../picture/gpu-picture.ts";
import type { AddedErrors } from "./copied-blocks.ts";
import type { DecodedPicture } from "./decoded-picture.ts";

/**
 * All that an encoder asks of the samples of a source picture, so that they can stay where they are: on a CPU
 * (`CpuFrameAnalysis`), or on the GPU that runs the networks (`GpuFrameAnalysis`), where only sums over blocks are read back. One
 * frame at a time: `take`, then the others, then `remember`.
 */
export interface FrameAnalysis {
	/**
	 * Turns to the next frame. The picture stays the caller's.
	 *
	 * @throws CodecError `invalid-picture` where it does not have the visible size
	 */
	take(source: SourcePicture): void;
	/** The frame folded, `s - 128`, `[1, 24, h4, w4]`: what the networks see. It belongs to the analysis, until the next frame. */
	readonly folded: DeviceTensor;
	/** How busy each 32x32 block is, see `blockDetail`. */
	detail(): Promise<Float64Array>;
	/**
	 * Block motion from the frame before.
	 *
	 * @param models state of the coder before this frame; not changed. @param lambda squared error that one bit is worth
	 * @throws CodecError `missing-reference` where none is remembered
	 */
	motion(models: MotionModels, lambda: number): Promise<MotionField>;
	/**
	 * By how much larger errors are in blocks that are copied.
	 *
	 * @param coded folded. @param copied `s - 128`, folded. @param offset to be taken from samples to have those of `coded`
	 */
	addedErrors(coded: DeviceTensor, copied: DeviceTensor, offset: 0 | 128): Promise<AddedErrors>;
	/** Makes this frame what the next one's motion points into. @param decoded what decoders have of it */
	remember(decoded: DecodedPicture): Promise<void>;
	/** Drops what is remembered. */
	forget(): void;
	dispose(): void;
}
