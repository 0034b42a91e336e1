/** One finished or running transfer, as seen by whoever fetched it. */
export type Transfer = {
	/** Bytes of the body. */
	readonly bytes: number;
	/** Milliseconds from the first byte to the last: the time to the first byte is latency, not bandwidth. */
	readonly milliseconds: number;
};

/** What is known of the network. A value: `observeTransfer` returns the next one. */
export type BandwidthEstimate = {
	readonly fast: number;
	readonly slow: number;
	/** Sum of the weights so far, in seconds; corrects the start of both averages. */
	readonly seconds: number;
	/** Bytes seen in all; below `TRUSTED_BYTES` the estimate is not used. */
	readonly bytes: number;
};

/** Half-lives of the two averages, in seconds of transfer. The lower of the two is used: quick to fall, slow to rise. */
const FAST_HALF_LIFE = 1.5;
const SLOW_HALF_LIFE = 3;

/** A transfer from a near cache takes no measurable time; shorter ones count as this long, in milliseconds. */
const SHORTEST_TRANSFER = 4;

/**
 * A short transfer counts as if it had lasted this long, in seconds: on a network that has become fast every segment of the
 * base is short, and an average weighted by their true length would never notice.
 */
const LIGHTEST_WEIGHT = 0.3;

/** Fewer bytes than this say more about the clock's resolution and TCP's first windows than about the network. */
export const TRUSTED_BYTES = 48 * 1024;

/** Nothing seen yet. */
export const NO_BANDWIDTH_ESTIMATE: BandwidthEstimate = { fast: 0, slow: 0, seconds: 0, bytes: 0 };

/**
 * Takes one transfer into the estimate. Transfers without bytes or with a broken clock change nothing.
 *
 * @param lightest the transfer counts as if it had lasted at least so many seconds
 */
export function observeTransfer(
	estimate: BandwidthEstimate,
	transfer: Transfer,
	lightest = LIGHTEST_WEIGHT,
): BandwidthEstimate {
	if (!(transfer.bytes > 0) || !(transfer.milliseconds >= 0)) return estimate;
	const seconds = Math.max(transfer.milliseconds, SHORTEST_TRANSFER) / 1000;
	const bitsPerSecond = (8 * transfer.bytes) / seconds;
	const weight = Math.max(seconds, lightest);
	return {
		fast: average(estimate.fast, bitsPerSecond, weight, FAST_HALF_LIFE),
		slow: average(estimate.slow, bitsPerSecond, weight, SLOW_HALF_LIFE),
		seconds: estimate.seconds + weight,
		bytes: estimate.bytes + transfer.bytes,
	};
}

/** Bits a second, or undefined while too little was seen to say. */
export function estimatedBandwidth(estimate: BandwidthEstimate): number | undefined {
	if (estimate.bytes < TRUSTED_BYTES || estimate.seconds <= 0) return undefined;
	const fast = estimate.fast / (1 - 0.5 ** (estimate.seconds / FAST_HALF_LIFE));
	const slow = estimate.slow / (1 - 0.5 ** (estimate.seconds / SLOW_HALF_LIFE));
	return Math.min(fast, slow);
}

function average(previous: number, value: number, weight: number, halfLife: number): number {
	const keep = 0.5 ** (weight / halfLife);
	return keep * previous + (1 - keep) * value;
}
