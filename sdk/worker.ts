/**
 * Entry of the upload worker: a module worker that does one upload and says everything to its page in messages
 * (`worker/messages.ts`). Started by `createUpload`; nothing else needs to import it.
 */
import { asUploadError, serializeError, UploadError } from "./errors.ts";
import { UploadSession } from "./session/session.ts";
import type { PageMessage, WorkerMessage } from "./worker/messages.ts";
import { RemoteFeed } from "./worker/remote-feed.ts";

const post = (message: WorkerMessage, transfer: Transferable[] = []): void =>
	globalThis.postMessage(message, { transfer });

const abort = new AbortController();
const tokens = new Map<
	number,
	{ readonly resolve: (token: string) => void; readonly reject: (error: Error) => void }
>();
let session: UploadSession | undefined;
let feed: RemoteFeed | undefined;
let asked = 0;

const begin = async ({ source, options }: Extract<PageMessage, { type: "begin" }>): Promise<void> => {
	const read = source instanceof Blob || typeof source === "string" ? source : new RemoteFeed(source.feed, post);
	feed = read instanceof RemoteFeed ? read : undefined;
	session = new UploadSession(
		read,
		options,
		{
			freshToken: (assetId) =>
				new Promise((resolve, reject) => {
					const id = ++asked;
					tokens.set(id, { resolve, reject });
					post({ type: "token", id, assetId });
				}),
			onStep: (step) => post({ type: "step", step }),
			onProgress: (progress) => post({ type: "progress", progress }),
			onWarning: (warning) => post({ type: "warning", warning }),
			onAsset: (asset) => post({ type: "asset", asset }),
			onPreview: (preview) => post({ type: "preview", preview }, [preview.base, preview.enhanced]),
			onPlayable: (asset) => post({ type: "playable", asset }),
		},
		abort.signal,
	);
	try {
		post({ type: "done", result: await session.run() });
	} catch (error) {
		post({ type: "failed", error: serializeError(asUploadError(error, "worker-failed", "The upload stopped.")) });
	}
};

globalThis.addEventListener("message", (event: MessageEvent<PageMessage>) => {
	const message = event.data;
	switch (message.type) {
		case "begin":
			void begin(message);
			break;
		case "pause":
			session?.pause();
			break;
		case "resume":
			session?.resume();
			break;
		case "abort":
			abort.abort(new UploadError("aborted", "The upload was aborted."));
			break;
		case "token":
			tokens.get(message.id)?.resolve(message.token);
			tokens.delete(message.id);
			break;
		case "fed-frame":
		case "fed-sound":
		case "feed-failed":
			feed?.receive(message);
			break;
		case "no-token":
			tokens.get(message.id)?.reject(new Error(message.message));
			tokens.delete(message.id);
			break;
	}
});

post({ type: "ready" });
