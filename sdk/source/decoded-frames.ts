import { VideoSampleSink } from "mediabunny";
import type { InputVideoTrack, VideoSample } from "mediabunny";
import { UploadError } from "../errors.ts";

/**
 * Decoded frames of a track, from a time on. Where decoding breaks off it is begun again behind the last frame: a decoder of the browser may die
 * with the process that it lives in, or be taken from a page that rests, and the file is none the worse for it.
 * @param from microseconds in the container's own time. Whoever gets a frame closes it.
 * @throws what broke it off twice at the same place; {UploadError} at once, since that was patient already; the signal's reason
 */
export async function* decodedFrames(
	track: InputVideoTrack,
	from: number,
	signal: AbortSignal,
): AsyncGenerator<VideoSample, void, undefined> {
	const sink = new VideoSampleSink(track);
	let next = from;
	let brokenAt: number | undefined;
	for (;;) {
		const samples = sink.samples(next / 1e6);
		try {
			for (;;) {
				signal.throwIfAborted();
				const { value: sample, done } = await samples.next();
				if (done === true) {
					return;
				}
				const time = Math.max(0, sample.microsecondTimestamp);
				// It begins with the frame that is shown at the time.
				if (time < next) {
					sample.close();
					continue;
				}
				next = time + 1;
				yield sample;
			}
		} catch (error) {
			signal.throwIfAborted();
			if (error instanceof UploadError || brokenAt === next) {
				throw error;
			}
			brokenAt = next;
		} finally {
			await samples.return();
		}
	}
}
