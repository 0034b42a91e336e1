/** The version of the bitstream: of samples (SPEC section 3), sequence headers (section 8) and models (section 7). */
import { CodecError } from "../errors.ts";

/**
 * What this build writes and reads. Version 2 brought adaptive hyper latents and scale offsets, version 3 copied blocks and the quality of
 * blocks. Since version 4 the prior no longer sees latents of earlier frames, and no network corrects the motion of features. Version 5 brought
 * bidirectional frames. In version 6 motion and latents of a frame share one entropy-coded stream.
 */
export const BITSTREAM_VERSION = 6;

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
					? "Whoever published it has to encode it again with this version; until then its base plays without the enhancement."
					: "A newer player may know it; the base plays without it.",
		},
	);
}
