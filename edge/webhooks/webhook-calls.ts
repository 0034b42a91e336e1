import type { WebhookPayload } from "../../protocol/webhook.ts";

/** A message and what became of it. */
export type Delivery = {
	readonly id: string;
	readonly type: string;
	/** RFC 3339. */
	readonly createdAt: string;
	readonly attempts: number;
	readonly state: "delivered" | "waiting" | "failed";
	/** Why the last attempt failed. */
	readonly problem?: string;
};

/** What others ask the Durable Object of a webhook; see `WebhookObject`, which answers. */
export interface WebhookCalls extends Rpc.DurableObjectBranded {
	/** Says where messages go. */
	configure(url: string, secret: string): Promise<void>;
	/** Takes a message to be sent. Idempotent by its id; a webhook that is removed takes none. */
	enqueue(id: string, payload: WebhookPayload): Promise<void>;
	/** The latest messages, the newest first. */
	deliveries(): Promise<Delivery[]>;
	/** Forgets everything. */
	remove(): Promise<void>;
}
