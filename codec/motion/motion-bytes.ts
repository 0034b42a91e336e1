/** For tests and benches: the block motion of one inter frame as bytes of its own. In a sample it shares a stream with the latents. */
import { RansDecoder, RansEncoder } from "../entropy/rans.ts";
import { getMotion, type MotionField, type MotionModels, putMotion } from "./syntax.ts";

/** Bytes of a field, none where nothing moves; lets `models` learn it. @throws RangeError as `putMotion` */
export function writeMotion(field: MotionField, models: MotionModels): Uint8Array {
	const encoder = new RansEncoder();
	return putMotion(encoder, field, models) ? encoder.finish() : new Uint8Array(0);
}

/** Reads what {@link writeMotion} wrote and lets `models` learn it. @throws CodecError `damaged-sample` */
export function readMotion(bytes: Uint8Array, columns: number, rows: number, models: MotionModels): MotionField {
	const decoder = bytes.length === 0 ? undefined : new RansDecoder(bytes);
	const field = getMotion(decoder, columns, rows, models);
	decoder?.finish();
	return field;
}
