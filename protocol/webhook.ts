import * as v from "valibot";
import type { TrackProgress } from "./asset.ts";

/** What a webhook may be told of. */
export const ASSET_EVENTS = ["asset.created", "asset.ready", "asset.track-failed", "asset.deleted"] as const;
export type AssetEventType = (typeof ASSET_EVENTS)[number];

/** `POST /v1/webhooks`. */
export const CreateWebhookRequest = v.strictObject({
	url: v.pipe(v.string(), v.maxLength(2000)),
	/** All unless given. */
	events: v.optional(v.pipe(v.array(v.picklist(ASSET_EVENTS)), v.minLength(1), v.maxLength(ASSET_EVENTS.length)), [
		...ASSET_EVENTS,
	]),
});

type TrackFailure = NonNullable<TrackProgress["failure"]>;

/** The body of a webhook, by the Standard Webhooks format: `type`, `timestamp`, `data`. */
export type WebhookPayload = {
	readonly type: AssetEventType | "webhook.test";
	/** RFC 3339: when it happened. */
	readonly timestamp: string;
	readonly data: {
		readonly id?: string;
		readonly title?: string;
		readonly metadata?: Readonly<Record<string, string>>;
		/** Of `asset.track-failed`: which track, and why it takes no more parts; each track is told of once. */
		readonly track?: string;
		readonly failure?: TrackFailure;
	};
};

/** Secrets begin so; base64 of the key's bytes follows. */
export const WEBHOOK_SECRET_PREFIX = "whsec_";

/** Seconds that a message's time may be away from the receiver's. */
const TOLERANCE_SECONDS = 300;

/** The value of `webhook-signature`: `v1,` and the base64 of HMAC-SHA-256 over id, time (seconds since 1970) and body. */
export const signWebhook = async (secret: string, id: string, timestamp: number, body: string): Promise<string> => {
	const signature = await crypto.subtle.sign(
		"HMAC",
		await importSecret(secret, "sign"),
		signedBytes(id, timestamp, body),
	);
	return `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`;
};

/**
 * The payload of a webhook that was received, if it is genuine: signed with this secret, and not older than five minutes.
 * @param headers `webhook-id`, `webhook-timestamp`, `webhook-signature`
 * @param body the body's text as it came, before any parsing
 * @param now milliseconds since 1970
 */
export const verifyWebhook = async (
	secret: string,
	headers: Pick<Headers, "get">,
	body: string,
	now = Date.now(),
): Promise<WebhookPayload | undefined> => {
	const [id, time, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
		headers.get(name),
	);
	if (id == null || time == null || signatures == null || !/^\d{1,12}$/.test(time)) return undefined;
	const timestamp = Number(time);
	if (Math.abs(now / 1000 - timestamp) > TOLERANCE_SECONDS) return undefined;
	const key = await importSecret(secret, "verify");
	for (const candidate of signatures.split(" ")) {
		const text = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(candidate)?.[1];
		if (text === undefined) continue;
		const signature = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
		if (await crypto.subtle.verify("HMAC", key, signature, signedBytes(id, timestamp, body))) {
			return JSON.parse(body) as WebhookPayload;
		}
	}
	return undefined;
};

const importSecret = (secret: string, usage: "sign" | "verify"): Promise<CryptoKey> => {
	const bytes = Uint8Array.from(atob(secret.slice(WEBHOOK_SECRET_PREFIX.length)), (character) =>
		character.charCodeAt(0),
	);
	return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [usage]);
};

const signedBytes = (id: string, timestamp: number, body: string): Uint8Array<ArrayBuffer> =>
	Uint8Array.from(new TextEncoder().encode(`${id}.${timestamp}.${body}`));
