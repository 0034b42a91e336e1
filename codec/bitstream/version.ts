/** The version of the bitstream: of samples (SPEC section 3), sequence headers (section 8) and models (section 7). */
import { CodecError } from "../errors.ts";

/**
 * What this build writes and reads. Version 1 had no adaptive hyper latents and no scale offsets, version 2 neither copied blocks nor block
 * quality; version 3 had latents of frames before in the prior and a learned correction of the features' motion.
 */
export const BITSTREAM_VERSION = 4;

/**
 * The error for another version than {@link BITSTREAM_VERSION}.
 *
 * @param what as the beginning of a sentence: "The sample"
 */
export function unsupportedVersion(what: string, version: number): CodecError {
	return new CodecError(
		"unsupported-version",
		`${what} has bitstream version ${version}; this build knows version ${BITSTREAM_VERSION}.`,
		{
			hint:
				version < BITSTREAM_VERSION
					? "Encode the video again with this version; until then its base plays without the enhancement."
					: "A newer player may know it; the base plays without it.",
		},
	);
}
