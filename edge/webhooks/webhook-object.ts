import { DurableObject } from "cloudflare:workers";
import { signWebhook, type WebhookPayload } from "../../protocol/webhook.ts";
import type { Environment } from "../environment.ts";
import { logEvent } from "../log.ts";
import { retryDelay } from "./schedule.ts";
import type { Delivery, WebhookCalls } from "./webhook-calls.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS target (
	id INTEGER PRIMARY KEY CHECK (id = 0),
	url TEXT NOT NULL,
	secret TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS message (
	id TEXT PRIMARY KEY,
	type TEXT NOT NULL,
	body TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	next_at INTEGER,
	delivered_at INTEGER,
	problem TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS message_by_time ON message (next_at) WHERE next_at IS NOT NULL;
`;

/** Milliseconds that a receiver has to answer, messages sent at once, and messages kept to be looked at. */
const PATIENCE_MS = 15_000;
const AT_ONCE = 10;
const KEPT = 500;

/**
 * One webhook: its secret and its messages. A message is on disk before whoever sends it is told so, and goes out from the alarm:
 * again and again until the receiver answers with 2xx, or three days have passed.
 */
export class WebhookObject extends DurableObject<Environment> implements WebhookCalls {
	/** Says where messages go. */
	async configure(url: string, secret: string): Promise<void> {
		this.ctx.storage.sql.exec(SCHEMA);
		this.ctx.storage.sql.exec("INSERT OR REPLACE INTO target VALUES (0, ?, ?)", url, secret);
	}

	/** Takes a message to be sent. Idempotent by its id; a webhook that is removed takes none. */
	async enqueue(id: string, payload: WebhookPayload): Promise<void> {
		if (this.#target() === undefined) return;
		const now = Date.now();
		this.ctx.storage.sql.exec(
			"INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, 0, ?, NULL, NULL)",
			...[id, payload.type, JSON.stringify(payload), now, now],
		);
		await this.#wakeForNext();
	}

	/** The latest messages, the newest first. */
	async deliveries(): Promise<Delivery[]> {
		if (this.#target() === undefined) return [];
		const rows = this.ctx.storage.sql.exec<MessageRow>(
			"SELECT * FROM message ORDER BY created_at DESC, id DESC LIMIT 100",
		);
		return Array.from(rows, ({ id, type, created_at, attempts, next_at, delivered_at, problem }) => ({
			id,
			type,
			createdAt: new Date(created_at).toISOString(),
			attempts,
			state: delivered_at !== null ? "delivered" : next_at !== null ? "waiting" : "failed",
			...(problem !== null && { problem }),
		}));
	}

	/** Forgets everything. */
	async remove(): Promise<void> {
		await this.ctx.storage.deleteAlarm();
		await this.ctx.storage.deleteAll();
	}

	/** Sends what is due. */
	override async alarm(): Promise<void> {
		const target = this.#target();
		if (target === undefined) return;
		const due = this.ctx.storage.sql
			.exec<MessageRow>(
				"SELECT * FROM message WHERE next_at <= ? ORDER BY next_at, created_at LIMIT ?",
				...[Date.now(), AT_ONCE],
			)
			.toArray();
		await Promise.all(due.map((message) => this.#attempt(target, message)));
		// The webhook may have been removed meanwhile.
		if (this.#target() === undefined) return;
		this.ctx.storage.sql.exec(
			`DELETE FROM message WHERE next_at IS NULL AND id NOT IN
				(SELECT id FROM message ORDER BY created_at DESC, id DESC LIMIT ?)`,
			KEPT,
		);
		await this.#wakeForNext();
	}

	async #attempt({ url, secret }: TargetRow, { id, body, attempts }: MessageRow): Promise<void> {
		const problem = await send(url, secret, id, body);
		const sql = this.ctx.storage.sql;
		// The webhook may have been removed meanwhile.
		if (this.#target() === undefined) return;
		if (problem === undefined) {
			const done =
				"UPDATE message SET attempts = ?, next_at = NULL, delivered_at = ?, problem = NULL WHERE id = ?";
			sql.exec(done, attempts + 1, Date.now(), id);
			return;
		}
		const delay = retryDelay(attempts + 1, Math.random());
		const next = delay === undefined ? null : Date.now() + delay;
		sql.exec(
			"UPDATE message SET attempts = ?, next_at = ?, problem = ? WHERE id = ?",
			attempts + 1,
			next,
			problem,
			id,
		);
		logEvent("webhook-failed", { message: id, problem, attempts: attempts + 1 });
	}

	#target(): TargetRow | undefined {
		const sql = this.ctx.storage.sql;
		if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'target'").toArray().length === 0) return undefined;
		return sql.exec<TargetRow>("SELECT url, secret FROM target").toArray()[0];
	}

	async #wakeForNext(): Promise<void> {
		const [row] = this.ctx.storage.sql
			.exec<{ at: number | null }>("SELECT min(next_at) AS at FROM message")
			.toArray();
		if (row?.at != null) await this.ctx.storage.setAlarm(row.at);
	}
}

/** Sends a message once. Answers what went wrong, in words that say nothing of what the receiver answered but its status. */
const send = async (url: string, secret: string, id: string, body: string): Promise<string | undefined> => {
	const timestamp = Math.floor(Date.now() / 1000);
	try {
		const response = await fetch(url, {
			method: "POST",
			// A redirect could lead where the address itself may not.
			redirect: "manual",
			signal: AbortSignal.timeout(PATIENCE_MS),
			headers: {
				"Content-Type": "application/json",
				"User-Agent": "Crescendo-Webhooks/1",
				"webhook-id": id,
				"webhook-timestamp": String(timestamp),
				"webhook-signature": await signWebhook(secret, id, timestamp, body),
			},
			body,
		});
		await response.body?.cancel();
		return response.ok ? undefined : `answered ${response.status}`;
	} catch (error) {
		return error instanceof Error && error.name === "TimeoutError"
			? "did not answer in time"
			: "could not be reached";
	}
};

type TargetRow = { url: string; secret: string };
type MessageRow = {
	id: string;
	type: string;
	body: string;
	created_at: number;
	attempts: number;
	next_at: number | null;
	delivered_at: number | null;
	problem: string | null;
};
