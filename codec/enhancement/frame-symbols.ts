import type { FrameType } from "../bitstream/frame-header.ts";
import type { BlockMotion } from "../motion/block-motion.ts";
import type { CopiedMap } from "../motion/copied-map.ts";
import type { DirectionMap } from "../motion/direction-map.ts";

/** All that one enhancement sample says, once parsed: integers only. Walks from the parser to reconstruction. */
export type FrameSymbols = {
	readonly type: FrameType;
	/** Quality index, 0..63. */
	readonly q: number;
	/** Quality index of each 32x32 block, 0..63. `[H/32, W/32]` */
	readonly quality: Uint8Array;
	/** Undefined in an intra frame. */
	readonly motion: BlockMotion | undefined;
	/** Which references its blocks have; of a bidirectional frame alone. */
	readonly directions: DirectionMap | undefined;
	/** Blocks that the picture takes over from the one before. Undefined in an intra frame. */
	readonly copied: CopiedMap | undefined;
	/** Sixteenths of a quantiser step, -4095..4095; 0 in copied blocks. `[96, H/8, W/8]` */
	readonly latents: Int16Array;
	/** CRC-32C of the base picture that the frame was coded against; always there in an intra frame. */
	readonly baseHash: number | undefined;
	/** CRC-32C of the decoded picture, where the encoder sent it. */
	readonly pictureHash: number | undefined;
	/** Presentation time in microseconds, and duration, of the sample. */
	readonly timestamp: number;
	readonly duration: number;
};
