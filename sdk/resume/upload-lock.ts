/** A page that holds the lock and cannot answer for so long, in milliseconds, is left to itself. */
const PATIENCE = 30_000;

/**
 * Runs `work` with `true` if no other page or worker has this upload under way, else with `false`: two that write the same
 * journal would spoil each other's.
 *
 * A page that was closed a moment ago may still hold the lock, and its successor is the one that should go on with its journal.
 * So whoever finds the lock taken asks the holder: one that lives answers, one that dies lets the lock go, whichever comes first.
 * @param key of the upload, see `uploadKey`. @throws the signal's reason if it aborts while the lock is waited for.
 */
export const withUploadLock = async <T>(
	key: string,
	signal: AbortSignal,
	work: (alone: boolean) => Promise<T>,
): Promise<T> => {
	if (navigator.locks === undefined) {
		return work(true);
	}
	const name = `crescendo-upload:${key}`;
	const channel = new BroadcastChannel(name);
	const elsewhere = new AbortController();
	const timer = setTimeout(() => elsewhere.abort(), PATIENCE);
	try {
		channel.onmessage = ({ data }) => data === "alive" && elsewhere.abort();
		let result: { readonly value: T } | undefined;
		const waiting = AbortSignal.any([signal, elsewhere.signal]);
		const held = navigator.locks.request(name, { signal: waiting }, async () => {
			clearTimeout(timer);
			channel.onmessage = ({ data }) => data === "who" && channel.postMessage("alive");
			// Somebody may have asked between the lock's grant and this line.
			channel.postMessage("alive");
			result = { value: await work(true) };
		});
		channel.postMessage("who");
		await held.catch((error: unknown) => {
			if (!elsewhere.signal.aborted || error !== elsewhere.signal.reason) {
				throw error;
			}
		});
		return result === undefined ? await work(false) : result.value;
	} finally {
		clearTimeout(timer);
		channel.close();
	}
};
