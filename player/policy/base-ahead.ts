/** Seconds of base that are loaded ahead. */
export const BASE_AHEAD = 30;

/** Seconds of base that are loaded ahead while the first segment of an enhancement is awaited. */
const STARTING_AHEAD = 18;

/** So long after playback began the base has waited enough, in seconds: a network that brings nothing until then wants a full buffer. */
const STARTING = 10;

/**
 * Seconds of base to load ahead. At the start all of it would come at once and take the network from decoder and first enhanced segment,
 * for seconds that nobody watches for a while; so the last of it waits for them.
 *
 * @param o.began seconds since playback began
 * @param o.awaited an enhancement may come, and nothing of it is here
 */
export function baseAhead({ began, awaited }: { readonly began: number; readonly awaited: boolean }): number {
	return awaited && began < STARTING ? STARTING_AHEAD : BASE_AHEAD;
}
