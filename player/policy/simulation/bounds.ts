import { type SimulatedStream, STEP } from "./session.ts";
import type { Trace } from "./traces.ts";

/** What no policy can exceed. */
export type Bounds = {
	/** Share of the video that can be shown enhanced. */
	readonly enhancedShare: number;
	/** Mean over the video. */
	readonly quality: number;
};

/**
 * What no policy can exceed on this network if it fetches the decoder after the first picture and never stalls longer than the base
 * alone: the whole network brings the decoder first, meanwhile the base plays, and from then on everything is there in its
 * best quality without a byte more.
 *
 * @param startDelay seconds to the first picture
 */
export function boundsOf(stream: SimulatedStream, trace: Trace, startDelay: number): Bounds {
	const { seconds, enhancements, baseQuality, decoderBytes } = stream;
	let bitsLeft = 8 * decoderBytes;
	let waited = bitsLeft > 0 ? trace.latency : 0;
	while (bitsLeft > 0 && waited < seconds) {
		bitsLeft -= trace.bitsPerSecond(startDelay + waited) * STEP;
		waited += STEP;
	}
	const enhancedShare = Math.max(0, 1 - waited / seconds);
	const best = Math.max(...enhancements.map(({ quality }) => quality));
	return { enhancedShare, quality: baseQuality + enhancedShare * (best - baseQuality) };
}
