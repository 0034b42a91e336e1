import { parseErrorBody } from "../../protocol/error.ts";

/** An asset as the list has it. */
export type AssetRow = {
	readonly id: string;
	readonly title?: string;
	readonly state: string;
	readonly access: string;
	readonly createdAt: string;
	readonly durationSeconds: number;
	readonly bytes: number;
	readonly width: number;
	readonly height: number;
	readonly enhancements: number;
	readonly urls: { readonly watch: string; readonly embed: string };
};
export type AssetPage = { readonly assets: readonly AssetRow[]; readonly cursor?: string };

/** What was stored and delivered. */
export type Usage = {
	readonly stored: { readonly assets: number; readonly bytes: number; readonly minutes: number };
	readonly delivered: readonly { readonly day: string; readonly requests: number; readonly bytes: number }[];
};

/** What the edge refused, in its words. */
export class RefusedError extends Error {
	readonly status: number;
	constructor(status: number, message: string) {
		super(message);
		this.name = "RefusedError";
		this.status = status;
	}
}

/**
 * An answer of the edge of this page.
 * @throws RefusedError
 */
export const ask = async <Answer>(key: string, path: string, signal?: AbortSignal): Promise<Answer> => {
	const headers = { Authorization: `Bearer ${key}` };
	const response = await fetch(path, { headers, cache: "no-store", ...(signal !== undefined && { signal }) });
	const body: unknown = await response.json();
	if (response.ok) return body as Answer;
	const error = parseErrorBody(body);
	throw new RefusedError(
		response.status,
		error === undefined ? `Status ${response.status}.` : `${error.message} ${error.hint}`,
	);
};
