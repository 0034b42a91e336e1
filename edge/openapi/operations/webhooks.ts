import { CreateWebhookRequest } from "../../../protocol/webhook.ts";
import { badJson, denied, json, type Operation } from "../operation.ts";
import { ref } from "../schemas.ts";

/** Operations on webhooks. */
export const WEBHOOKS: readonly Operation[] = [
	{
		method: "post",
		path: "/v1/webhooks",
		summary: "Makes a webhook by the Standard Webhooks format. Its secret is shown here and never again.",
		access: "key",
		scope: "webhooks",
		request: CreateWebhookRequest,
		example: { url: "https://example.com/hooks/video", events: ["asset.ready"] },
		answers: { 201: json(ref("NewWebhook")) },
		errors: [...badJson, ...denied, "constraint-exceeded"],
	},
	{
		method: "get",
		path: "/v1/webhooks",
		summary: "Lists webhooks, without their secrets.",
		access: "key",
		scope: "webhooks",
		answers: { 200: json(ref("WebhookList")) },
		errors: [...denied],
	},
	{
		method: "delete",
		path: "/v1/webhooks/:webhook",
		summary: "Removes a webhook and the messages that wait for it.",
		access: "key",
		scope: "webhooks",
		answers: { 204: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "post",
		path: "/v1/webhooks/:webhook/test",
		summary: "Sends a message of type webhook.test.",
		access: "key",
		scope: "webhooks",
		answers: { 202: {} },
		errors: [...denied, "not-found"],
	},
	{
		method: "get",
		path: "/v1/webhooks/:webhook/deliveries",
		summary: "The latest messages and what became of them.",
		access: "key",
		scope: "webhooks",
		answers: { 200: json(ref("DeliveryList")) },
		errors: [...denied, "not-found"],
	},
];
