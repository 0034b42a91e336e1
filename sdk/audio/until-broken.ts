import type { Sample } from "../../codec/sample.ts";
import { UploadError } from "../errors.ts";
import { isLostDevice } from "../lost-device.ts";
import type { SourceWarning } from "../source/source-warning.ts";

/** What breaks again within so many microseconds is taken for the same place: an encoder gets pieces of five seconds, and dies with them. */
const SAME_PLACE = 10_000_000;

/** Where the sound broke, over all times that an upload reads its source: what breaks twice at the same place is damaged. */
export class SoundBreaks {
	#last: number | undefined;

	/** Whether it is worth another reading: not the file, but what reads it may be at fault. @param at microseconds */
	isNew(error: unknown, at: number): boolean {
		if (!isLostDevice(error) || (this.#last !== undefined && Math.abs(at - this.#last) < SAME_PLACE)) {
			return false;
		}
		this.#last = at;
		return true;
	}
}

/** What sound belongs to. */
export type SoundContext = {
	readonly warnings: SourceWarning[];
	readonly signal: AbortSignal;
	/** Throws what is wrong with the source as a whole. */
	readonly check?: () => Promise<void>;
	/** Where it broke before; undefined for what can be read only once. */
	readonly breaks?: SoundBreaks | undefined;
};

/**
 * Sound as far as it can be had: what is damaged in it must not cost the pictures, so it ends there and the person is told.
 * @throws the signal's reason once it aborts; {UploadError} what is wrong with the source as a whole; a lost codec the first time at a place
 */
export async function* untilBroken(
	samples: AsyncIterable<Sample>,
	{ warnings, signal, check, breaks }: SoundContext,
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
		await check?.();
		if (breaks?.isNew(error, end) === true) {
			throw error;
		}
		const detail = error instanceof Error ? error.message : String(error);
		warnings.push({
			code: "audio-dropped",
			message: `The sound breaks off after ${(end / 1e6).toFixed(1)} s: ${detail}`,
		});
	}
}
