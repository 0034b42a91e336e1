import { CodecError } from "../errors.ts";
import type { ModelSource } from "./model-file.ts";

export type FetchModelOptions = {
	readonly signal?: AbortSignal;
	/** `low` lets media segments go first. Default `auto`. */
	readonly priority?: RequestPriority;
};

/** Larger than any model; an answer that claims more is refused unread. */
const LARGEST_FILE = 64 * 2 ** 20;

/** A model at an address: the folder of its `model.json`. Any cache headers of the server apply. */
export function modelUrl(folder: string, options: FetchModelOptions = {}): ModelSource {
	const prefix = folder.endsWith("/") ? folder : `${folder}/`;
	const { signal, priority } = options;
	return {
		async read(name) {
			const url = prefix + name;
			try {
				const response = await fetch(url, {
					...(signal === undefined ? {} : { signal }),
					...(priority === undefined ? {} : { priority }),
				});
				if (!response.ok) {
					throw new CodecError("model-invalid", `Model file ${name} answers ${response.status}.`, {
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
				throw new CodecError("model-invalid", `Model file ${name} could not be fetched.`, {
					hint: `Check the connection, and that ${url} allows this page's origin.`,
					cause,
				});
			}
		},
	};
}
