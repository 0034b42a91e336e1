/** Seconds from one attempt to the next, as Standard Webhooks recommends: ten attempts in a little more than three days. */
const DELAYS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** Milliseconds after which a message is sent again, or undefined where it is given up. `random` is from 0 to 1. */
export const retryDelay = (attempts: number, random: number): number | undefined => {
	const seconds = DELAYS[attempts - 1];
	// A receiver that comes back is not met by all messages at the same moment.
	return seconds === undefined ? undefined : Math.round(seconds * 1000 * (1 + 0.1 * random));
};
