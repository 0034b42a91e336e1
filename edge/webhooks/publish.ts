import type { WebhookPayload } from "../../protocol/webhook.ts";
import { listWebhooks } from "../catalogue/webhooks.ts";
import type { Environment } from "../environment.ts";

/**
 * Hands a message to every webhook that wants its kind. Idempotent: a message has the same id whenever it is handed over again.
 * @throws whatever the catalogue or a Durable Object throws when it fails; hand it over again then.
 */
export const publish = async (environment: Environment, id: string, payload: WebhookPayload): Promise<void> => {
	const webhooks = await listWebhooks(environment.CATALOGUE);
	const wanting = webhooks.filter(({ events }) => events.includes(payload.type));
	await Promise.all(wanting.map((webhook) => webhookObject(environment, webhook.id).enqueue(id, payload)));
};

/** The Durable Object of a webhook. */
export const webhookObject = ({ WEBHOOK }: Environment, id: string) => WEBHOOK.get(WEBHOOK.idFromName(id));
