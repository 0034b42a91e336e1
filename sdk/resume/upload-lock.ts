/** A page that holds the lock and cannot answer for so long, in milliseconds, is left to itself. */
const PATIENCE = 30_000;

/** Whether nobody else has the upload under way, and what lets others have it. */
type Held = { readonly alone: boolean; readonly release: () => void };

/** Where there are no locks there is no storage that two could spoil. */
const UNLOCKED: Held = { alone: true, release: () => {} };

/**
 * Runs `work` with `true` if no other page or worker has this upload under way, else with `false`: two that write the same
 * journal would spoil each other's.
 *
 * A page that was closed a moment ago may still hold the lock, and its successor is the one that should go on with its journal.
 * So whoever finds the lock taken asks the holder: one that lives answers, one that dies lets the lock go, whichever comes first.
 * A browser that refuses locks, as it refuses all storage where site data is blocked, keeps no journal either: the work is done alone.
 * @param key of the upload, see `uploadKey`. @throws the signal's reason if it aborts while the lock is waited for.
 */
export const withUploadLock = async <T>(
	key: string,
	signal: AbortSignal,
	work: (alone: boolean) => Promise<T>,
): Promise<T> => {
	const held = await acquire(`crescendo-upload:${key}`, signal);
	try {
		return await work(held.alone);
	} finally {
		held.release();
	}
};

const acquire = async (name: string, signal: AbortSignal): Promise<Held> => {
	if (navigator.locks === undefined) {
		return UNLOCKED;
	}
	const elsewhere = new AbortController();
	const timer = setTimeout(() => elsewhere.abort(), PATIENCE);
	let channel: BroadcastChannel | undefined;
	try {
		const asked = (channel = new BroadcastChannel(name));
		asked.onmessage = ({ data }) => data === "alive" && elsewhere.abort();
		const taken = take(name, AbortSignal.any([signal, elsewhere.signal]));
		asked.postMessage("who");
		const letGo = await taken;
		asked.onmessage = ({ data }) => data === "who" && asked.postMessage("alive");
		// Somebody may have asked between the lock's grant and this line.
		asked.postMessage("alive");
		const release = (): void => {
			asked.close();
			letGo();
		};
		return { alone: true, release };
	} catch (error) {
		channel?.close();
		signal.throwIfAborted();
		if (elsewhere.signal.aborted) {
			return { alone: false, release: () => {} };
		}
		if (error instanceof DOMException && error.name === "SecurityError") {
			return UNLOCKED;
		}
		throw error;
	} finally {
		clearTimeout(timer);
	}
};

/**
 * Waits for a lock. The signal is not left to the browser alone: Chromium looks at it, asks whether the page may have storage, and queues the
 * request without looking again, so that an abort in between is lost, and the request waits until the holder ends.
 * @returns what lets the lock go. @throws the signal's reason, or what the browser refuses with.
 */
const take = (name: string, signal: AbortSignal): Promise<() => void> =>
	new Promise((resolve, reject) => {
		const stop = () => reject(signal.reason);
		signal.addEventListener("abort", stop, { once: true });
		const request = navigator.locks.request(name, { signal }, () => {
			if (signal.aborted) {
				// Granted to somebody who has gone on without it.
				return undefined;
			}
			signal.removeEventListener("abort", stop);
			return new Promise<void>((release) => resolve(release));
		});
		request.catch(reject);
	});
