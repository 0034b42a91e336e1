import { CodecError } from "../errors.ts";
import type { ModelSource } from "./model-file.ts";

export type FetchModelOptions = {
	readonly signal?: AbortSignal;
	/** `low` lets media segments go first. Default `auto`. */
	readonly priority?: RequestPriority;
	/** What asks in place of the environment's own `fetch`: one that asks again, say. */
	readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
};

/** Larger than any model; an answer that claims more is refused, unread unless `fetch` has read it. */
const LARGEST_FILE = 64 * 2 ** 20;

/** A model at an address: the folder of its `model.json`. Any cache headers of the server apply. A file that does not come is a `network` error. */
export function modelUrl(folder: string, options: FetchModelOptions = {}): ModelSource {
	const prefix = folder.endsWith("/") ? folder : `${folder}/`;
	const { signal, priority, fetch = globalThis.fetch } = options;
	return {
		async read(name) {
			const url = prefix + name;
			try {
				const response = await fetch(url, {
					...(signal === undefined ? {} : { signal }),
					...(priority === undefined ? {} : { priority }),
				});
				if (!response.ok) {
					throw new CodecError("network", `Model file ${name} answers ${response.status}.`, {
						hint: `Check that ${url} is served.`,
					});
				}
				if (Number(response.headers.get("content-length") ?? 0) > LARGEST_FILE) {
					throw new CodecError("model-invalid", `Model file ${name} is too large to be one.`);
				}
				return new Uint8Array(await response.arrayBuffer());
			} catch (cause) {
				if (cause instanceof CodecError) throw cause;
				if (signal?.aborted) throw new CodecError("aborted", "Loading the model was stopped.", { cause });
				throw new CodecError("network", `Model file ${name} could not be fetched.`, {
					hint: `Check the connection, and that ${url} allows this page's origin.`,
					cause,
				});
			}
		},
	};
}
