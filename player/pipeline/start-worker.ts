/**
 * Starts a module worker from any origin. Browsers start workers only from the page's own origin; an embedded player's
 * script comes from another, so a small script of the page's origin imports it (the server allows that by CORS).
 * A page with a strict CSP has to allow `worker-src blob:` and the script's origin in `script-src`.
 */
export function startWorker(url: string, name: string): Worker {
	if (new URL(url, location.href).origin === location.origin) return new Worker(url, { type: "module", name });
	const script = new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" });
	const blobUrl = URL.createObjectURL(script);
	const worker = new Worker(blobUrl, { type: "module", name });
	// The browser has taken the address when the constructor returns; the script itself is fetched by the worker.
	setTimeout(() => URL.revokeObjectURL(blobUrl), 10_000);
	return worker;
}
