const NAME = "crescendo-upload";

/**
 * Starts the upload worker's script from wherever it is. Browsers start workers from the page's own origin only; where the script comes
 * from elsewhere (a plain script tag, a CDN), a line of the page's own origin imports it, which the other origin allows by CORS. A page with a
 * strict policy has to allow `worker-src blob:` for that.
 */
export const startWorker = (url: URL): Worker => {
	if (url.origin === globalThis.location.origin) {
		return new Worker(url, { type: "module", name: NAME });
	}
	const line = new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" });
	const address = URL.createObjectURL(line);
	const worker = new Worker(address, { type: "module", name: NAME });
	// The worker reads the line when it starts; nothing needs it afterwards.
	setTimeout(() => URL.revokeObjectURL(address), 10_000);
	return worker;
};
