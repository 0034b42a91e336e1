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

const quality = {
	playbacks: integer,
	failed: integer,
	startupP50: { type: ["integer", "null"] },
	startupP95: { type: ["integer", "null"] },
	stalls: integer,
	stalledSeconds: { type: "number" },
	playedSeconds: { type: "number" },
	enhancedShare: { type: "number" },
	droppedFrames: integer,
};

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
	Asset: object(
		{
			title: text,
			description: text,
			metadata: { type: "object", additionalProperties: text },
			embedOrigins: list(text),
			id: text,
			state: { enum: ["uploading", "complete"] },
			createdAt: { type: "string", format: "date-time" },
			tracks: list(ref("Track")),
			urls: object({ master: text, watch: text }),
		},
		["title", "description", "metadata", "embedOrigins"],
	),
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
						description: text,
						metadata: { type: "object", additionalProperties: text },
						urls: object({ master: text, watch: text, embed: text }),
					},
					["title", "description", "metadata"],
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
	Quality: object({
		total: object(quality),
		days: list(object({ day: text, ...quality })),
		fallbacks: { type: "object", additionalProperties: integer },
	}),
	Usage: object({
		stored: object({ assets: integer, bytes: integer, minutes: { type: "number" } }),
		delivered: list(object({ day: text, requests: integer, bytes: integer })),
	}),
	NewWebhook: object({ id: text, url: text, events: list(text), secret: text }),
	WebhookList: object({ webhooks: list(object({ id: text, url: text, events: list(text), createdAt: text })) }),
	DeliveryList: object({
		deliveries: list(
			object(
				{
					id: text,
					type: text,
					createdAt: text,
					attempts: integer,
					state: { enum: ["delivered", "waiting", "failed"] },
					problem: text,
				},
				["problem"],
			),
		),
	}),
};
