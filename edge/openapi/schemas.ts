import { ERROR_STATUS } from "../../protocol/error.ts";
import type { JsonSchema } from "./json-schema.ts";

/** A reference to one of the schemas below. */
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const text: JsonSchema = { type: "string" };
const integer: JsonSchema = { type: "integer" };
const object = (properties: Record<string, JsonSchema>, optional: readonly string[] = []): JsonSchema => ({
	type: "object",
	properties,
	required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });

/** Answers; requests are described by their validation. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
	Error: object({ error: object({ code: { enum: Object.keys(ERROR_STATUS) }, message: text, hint: text }) }),
	Track: object(
		{
			id: text,
			next: integer,
			ahead: list(integer),
			missing: list(integer),
			failure: { enum: ["misaligned", "segment-too-large"] },
			partsUrl: text,
		},
		["failure"],
	),
	Asset: object({
		id: text,
		state: { enum: ["uploading", "complete"] },
		createdAt: { type: "string", format: "date-time" },
		tracks: list(ref("Track")),
		urls: object({ master: text, watch: text }),
	}),
	Extra: object({ name: text, contentType: text }),
	Part: object({ track: ref("Track") }),
	AssetPage: object(
		{
			assets: list(
				object(
					{
						id: text,
						title: text,
						state: { enum: ["uploading", "complete"] },
						access: { enum: ["public", "signed"] },
						createdAt: { type: "string", format: "date-time" },
						width: integer,
						height: integer,
						durationSeconds: { type: "number" },
						bytes: integer,
						enhancements: integer,
						urls: object({ master: text, watch: text }),
					},
					["title"],
				),
			),
			cursor: text,
		},
		["cursor"],
	),
	Token: object({ token: text, expiresAt: { type: "string", format: "date-time" } }),
	PlaybackToken: object({
		token: text,
		expiresAt: { type: "string", format: "date-time" },
		urls: object({ master: text }),
	}),
	NewKey: object({ id: text, name: text, scopes: list(text), key: text }),
	KeyList: object({ keys: list(object({ id: text, name: text, scopes: list(text), createdAt: text })) }),
};
