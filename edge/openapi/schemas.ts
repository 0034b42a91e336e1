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
const said = (schema: JsonSchema, description: string): JsonSchema => ({ ...schema, description });

const time: JsonSchema = { type: "string", format: "date-time" };
const day = said({ type: "string", format: "date" }, "UTC.");
const master = said(text, "HLS multivariant playlist, absolute.");
const watch = said(text, "Page that plays the asset, absolute.");

const quality = {
	playbacks: integer,
	failed: said(integer, "Playbacks that ended in an error."),
	startupP50: said(
		{ type: ["integer", "null"] },
		"Milliseconds until the first picture, median; null where nobody said.",
	),
	startupP95: said({ type: ["integer", "null"] }, "The same, 95th percentile."),
	stalls: integer,
	stalledSeconds: { type: "number" },
	playedSeconds: { type: "number" },
	enhancedShare: said({ type: "number", minimum: 0, maximum: 1 }, "Of the time played, with the enhancement shown."),
	droppedFrames: integer,
};

/** Answers; requests are described by their validation. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
	Error: object({
		error: object({
			code: said({ enum: Object.keys(ERROR_STATUS) }, "Stable: programs may compare it."),
			message: said(text, "What is wrong."),
			hint: said(text, "What to do."),
		}),
	}),
	Track: object(
		{
			id: text,
			next: said(integer, "All parts below are there: the next to send."),
			ahead: said(list(integer), "Parts above `next` that are there already; the first 1000."),
			missing: said(list(integer), "Gaps from `next` on; the first 1000."),
			failure: said(
				{ enum: ["misaligned", "segment-too-large"] },
				"Why the track takes no more parts; the asset goes on without it, unless it is the base.",
			),
			partsUrl: said(text, "Where parts go: append the number."),
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
			createdAt: time,
			tracks: list(ref("Track")),
			urls: object({ master, watch }),
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
						urls: object({ master, watch, embed: said(text, "Page for frames, absolute.") }),
					},
					["title", "description", "metadata"],
				),
			),
			cursor: said(text, "Of the next page; absent on the last."),
		},
		["cursor"],
	),
	Token: object({
		token: said(text, "Goes as `Authorization: Bearer`."),
		asset: said(text, "The id of the asset that it makes and writes: remember whose it is."),
		expiresAt: time,
	}),
	PlaybackToken: object({
		token: text,
		expiresAt: time,
		urls: object({ master: said(text, "With the token in it: give it to a player.") }),
	}),
	NewKey: object({ id: text, name: text, scopes: list(text), key: said(text, "Shown this once.") }),
	KeyList: object({ keys: list(object({ id: text, name: text, scopes: list(text), createdAt: time })) }),
	Quality: object({
		total: object(quality),
		days: list(object({ day, ...quality })),
		fallbacks: said(
			{ type: "object", additionalProperties: integer },
			"Playbacks by the reason for which they did without the enhancement.",
		),
	}),
	Usage: object({
		stored: object({ assets: integer, bytes: integer, minutes: { type: "number" } }),
		delivered: list(object({ day, requests: integer, bytes: integer })),
	}),
	NewWebhook: object({
		id: text,
		url: text,
		events: list(text),
		secret: said(text, "What messages are signed with; shown this once."),
	}),
	WebhookList: object({ webhooks: list(object({ id: text, url: text, events: list(text), createdAt: time })) }),
	DeliveryList: object({
		deliveries: list(
			object(
				{
					id: text,
					type: text,
					createdAt: time,
					attempts: integer,
					state: { enum: ["delivered", "waiting", "failed"] },
					problem: said(text, "Of the last attempt."),
				},
				["problem"],
			),
		),
	}),
};
