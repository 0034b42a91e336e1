import type { Sample } from "../../codec/sample.ts";
import { UploadError } from "../errors.ts";
import type { SourceWarning } from "../source/source-warning.ts";

/**
 * Sound as far as it can be had: what breaks in it must not cost the pictures, so it ends there and the person is told.
 * @throws the signal's reason once it aborts, and {UploadError} what is wrong with the source as a whole.
 */
export async function* untilBroken(
	samples: AsyncIterable<Sample>,
	warnings: SourceWarning[],
	signal: AbortSignal,
): AsyncGenerator<Sample, void, undefined> {
	let end = 0;
	try {
		for await (const sample of samples) {
			end = sample.timestamp + sample.duration;
			yield sample;
		}
	} catch (error) {
		signal.throwIfAborted();
		if (error instanceof UploadError) {
			throw error;
		}
		const detail = error instanceof Error ? error.message : String(error);
		warnings.push({
			code: "audio-dropped",
			message: `The sound ends after ${(end / 1e6).toFixed(1)} s, where it is damaged: ${detail}`,
		});
	}
}
