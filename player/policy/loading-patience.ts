/** Milliseconds that any step of loading may take on the slowest machine, the network aside. */
const STEP = 120_000;

/** Bits a second that are assumed where nothing is known, and where less was measured: slower networks do not load the decoder at all. */
const SLOWEST = 250_000;

/**
 * Milliseconds for which the decoder may say nothing while it loads; then it is given up, because nobody else would notice a
 * server that accepts a request and never answers. Twice the time that all of it takes on this network, and the time of a step.
 *
 * @param bandwidth bits a second; undefined: not known
 * @param bytes of scripts and weights that are still to be fetched
 */
export function loadingPatience(bandwidth: number | undefined, bytes: number): number {
	return STEP + (2 * 8000 * bytes) / Math.max(bandwidth ?? SLOWEST, SLOWEST);
}
