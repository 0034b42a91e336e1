import type * as v from "valibot";
import type { Scope } from "../../protocol/access.ts";
import type { ErrorCode } from "../../protocol/error.ts";
import type { JsonSchema } from "./json-schema.ts";

/**
 * Who may call: anybody, whoever may play the asset (a token in the path where it is signed), the bearer of an API key with a scope,
 * or also of the asset's upload token.
 */
export type Access = "anybody" | "viewers" | "key" | "key or upload token";

/** One operation: a row of the interface. */
export type Operation = {
	readonly method: "get" | "post" | "put" | "patch" | "delete";
	/** As the routes have it: `/v1/assets/:id`. */
	readonly path: string;
	readonly summary: string;
	readonly access: Access;
	/** Scope that an API key needs. */
	readonly scope?: Scope;
	/** A JSON form, or the type of other bodies. */
	readonly request?: v.GenericSchema | string;
	readonly query?: readonly string[];
	/** A request's JSON that is accepted as it stands. */
	readonly example?: JsonSchema;
	/** Headers that change what is done. */
	readonly headers?: readonly string[];
	/** Headers that must be there. */
	readonly requiredHeaders?: readonly string[];
	/** Statuses of good answers, with the media type and schema of the body. */
	readonly answers: Readonly<Record<number, { readonly type?: string; readonly schema?: JsonSchema }>>;
	readonly errors: readonly ErrorCode[];
	/** What is asked for may only be about to come: a 404 has `Retry-After` then. */
	readonly mayCome?: boolean;
};

/** An answer of JSON. */
export const json = (schema: JsonSchema) => ({ type: "application/json", schema });
/** Answers that are files. */
export const playlist = { type: "application/vnd.apple.mpegurl" };
export const segment = { type: "video/mp4" };
export const page = { type: "text/html" };
/** Errors of whoever needs a key or token. */
export const denied: readonly ErrorCode[] = ["unauthorized", "token-expired", "forbidden", "origin-not-allowed"];
/** Errors of whoever sends JSON. */
export const badJson: readonly ErrorCode[] = ["invalid-request", "unsupported-media-type", "too-large"];
