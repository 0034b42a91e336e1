/** Milliseconds between two looks at a stream that is not there yet, unless the answer asks for more, and how long to go on looking. */
const PERIOD = 1500;
const PATIENCE = 120_000;

/** What is said meanwhile, and at the end. */
const UPLOAD = {
	waiting: "The upload of this video has only just begun.",
	end: "The upload of this video does not go on. Try again later.",
};
const BUSY = {
	waiting: "The server has much to do; trying again.",
	end: "The server has too much to do. Load the page again later.",
};
const FAILING = {
	waiting: "The server has a problem; trying again.",
	end: "The server has a problem. Load the page again later.",
};

/**
 * Resolves when the playlist can be played. An upload that has only just begun answers 404 with `Retry-After`, as does a server with
 * too much to do; a stream that does not exist answers 404 without. A server that fails may be well again in a moment.
 *
 * @param onWaiting told in a sentence what is waited for
 * @returns what is wrong, in a sentence, or undefined
 */
export async function waitForMaster(url: string, onWaiting: (words: string) => void): Promise<string | undefined> {
	const until = performance.now() + PATIENCE;
	// The player will need it, and imports it again: a failure is for the player to report.
	import("hls.js").catch(() => undefined);
	for (;;) {
		let response: Response;
		try {
			response = await fetch(url, { cache: "no-cache" });
		} catch {
			// `fetch` tells scripts no more than that it failed.
			return "The server does not answer. Check the connection and load the page again.";
		}
		if (response.ok) return undefined;
		if (response.status === 401 || response.status === 403)
			return "This video is private: the link needs a valid token.";
		const isFailing = response.status >= 500;
		if (!isFailing && !response.headers.has("Retry-After"))
			return "There is no such video. It may have been deleted.";
		const wait = Math.max(PERIOD, 1000 * (Number(response.headers.get("Retry-After")) || 0));
		const words = isFailing ? FAILING : response.status === 404 ? UPLOAD : BUSY;
		if (performance.now() + wait > until) return words.end;
		onWaiting(words.waiting);
		await new Promise((resolve) => setTimeout(resolve, wait));
	}
}
