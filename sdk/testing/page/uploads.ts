import { UploadError } from "../../errors.ts";
import { createUpload } from "../../index.ts";
import type {
	TokenProvider,
	Upload,
	UploadOptions,
	UploadProgress,
	UploadResult,
	UploadSource,
	UploadedAsset,
} from "../../index.ts";

/** What an upload did, told when it ended. */
export type UploadAccount = {
	readonly states: readonly string[];
	readonly events: readonly string[];
	readonly result: UploadResult | undefined;
	readonly error: { readonly code: string; readonly message: string; readonly hint: string | undefined } | undefined;
	readonly last: UploadProgress | undefined;
	/** With the token `counted`: the assets that tokens were asked for, null before there was one. */
	readonly askedFor: readonly (string | null)[];
};

const uploads = new Map<number, Upload>();
const askedFor: (string | null)[] = [];

/** Begins an upload to the edge of this origin; `finishUpload` waits for it. */
export const beginUpload = async (address: string, options: Partial<UploadOptions>): Promise<number> => {
	const blob = await (await fetch(address)).blob();
	return begin(new File([blob], address.split("/").at(-1) ?? "video"), options);
};

const countedToken: TokenProvider = ({ assetId }) => `token-${askedFor.push(assetId ?? null)}`;

export const begin = (source: UploadSource, options: Partial<UploadOptions>): number => {
	const upload = createUpload(source, {
		endpoint: "/",
		token: "good",
		...options,
		...(options.token === "counted" && { token: countedToken }),
	});
	const id = uploads.size;
	uploads.set(id, upload);
	return id;
};

export const uploadOf = (id: number): Upload => {
	const upload = uploads.get(id);
	if (upload === undefined) {
		throw new Error(`no upload ${id}`);
	}
	return upload;
};

export const finishUpload = async (id: number): Promise<UploadAccount> => {
	const upload = uploadOf(id);
	const states: string[] = [upload.state];
	const events: string[] = [];
	upload.addEventListener("statechange", ({ detail }) => states.push(detail.state));
	for (const name of ["warning", "asset", "playable", "error", "done"] as const) {
		upload.addEventListener(name, () => events.push(name));
	}
	try {
		const result = await upload.done;
		return { states, events, result, error: undefined, last: upload.progress, askedFor };
	} catch (error) {
		if (error instanceof UploadError) {
			const { code, message, hint, cause } = error;
			const detail = cause instanceof Error ? `${message} [${cause.stack ?? cause.message}]` : message;
			const told = { code, message: detail, hint };
			return { states, events, result: undefined, error: told, last: upload.progress, askedFor };
		}
		throw error;
	}
};

export const upload = async (address: string, options: Partial<UploadOptions>): Promise<UploadAccount> =>
	finishUpload(await beginUpload(address, options));

export const control = (id: number, action: "pause" | "resume" | "abort"): string => {
	const running = uploadOf(id);
	running[action]();
	return running.state;
};

export const progressOf = (id: number): UploadProgress | undefined => uploadOf(id).progress;

export const assetOf = (id: number): UploadedAsset | undefined => uploadOf(id).asset;

/** Its state, and what ended it, if it failed. */
export const stateOf = async (id: number): Promise<string> => {
	const { state, done } = uploadOf(id);
	return state === "failed" ? done.then(() => state, String) : state;
};
