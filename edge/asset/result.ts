import type { ErrorCode } from "../../protocol/error.ts";
import type { Refusal } from "../http/api-error.ts";

/** What the Durable Object answers: errors thrown there would reach the Worker without their fields. */
export type Result<Value> =
	| { readonly ok: true; readonly value: Value }
	| { readonly ok: false; readonly refusal: Refusal };

/** A good answer. */
export const accept = <Value>(value: Value): Result<Value> => ({ ok: true, value });

/** A refusal with the code, what is wrong, and what to do. */
export const refuse = (
	code: ErrorCode,
	message: string,
	hint: string,
	more: Pick<Refusal, "retryAfter" | "body"> = {},
): { readonly ok: false; readonly refusal: Refusal } => ({ ok: false, refusal: { code, message, hint, ...more } });
