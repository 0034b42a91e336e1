import type { SampleParts } from "../../codec/bitstream/sample.ts";
import { frameGeometry } from "../../codec/enhancement/geometry.ts";
import { RansDecoder } from "../../codec/entropy/rans.ts";
import { getBidirectionalMotion, MotionHistory } from "../../codec/motion/bidirectional.ts";
import { getMotion } from "../../codec/motion/syntax.ts";

/** Tells motion and latents apart, which share one stream: reads the motion of every frame and looks how far that led. */
export class MotionShares {
	private readonly columns: number;
	private readonly rows: number;
	private history = new MotionHistory();

	/** @param width visible size of the enhancement. @param height of it */
	constructor(width: number, height: number) {
		({ width: this.columns, height: this.rows } = frameGeometry(width, height).grid8);
	}

	/** Bytes of a frame's motion, to a word. Frames in order of decoding. @throws CodecError `damaged-sample` */
	bytesOf({ type, hasMotion, hasLatents, payload }: SampleParts): number {
		if (type === "intra") {
			this.history = new MotionHistory();
			return 0;
		}
		const decoder = hasMotion ? new RansDecoder(payload) : undefined;
		if (type === "inter") getMotion(decoder, this.columns, this.rows, this.history.inter);
		else getBidirectionalMotion(decoder, this.columns, this.rows, this.history);
		if (decoder === undefined) return 0;
		return hasLatents ? decoder.position : payload.length;
	}
}
