import { frameTypeOf } from "../../codec/bitstream/frame-header.ts";
import type { Sample } from "../../codec/sample.ts";

/** Whether a sample is decoded after the one behind it; what it says of itself, unchecked. */
export function isBidirectional({ data }: Pick<Sample, "data">): boolean {
	return frameTypeOf(data) === "bidirectional";
}

/**
 * The samples of a segment without a bidirectional one at its end. Where an upload died between that and the frame behind it, nothing is
 * damaged: its picture alone has no enhancement, and the segment ends before it. One that is all of a segment stays, and so does
 * one in the middle that lacks its reference: such a segment begins with no intra frame, or has lost one in between, and the parser says so.
 *
 * @param samples in order of time
 */
export function decodableSamples(samples: readonly Sample[]): readonly Sample[] {
	const last = samples.at(-1);
	return samples.length > 1 && last !== undefined && isBidirectional(last) ? samples.slice(0, -1) : samples;
}
