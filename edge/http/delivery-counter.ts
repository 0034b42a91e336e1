import type { Context } from "hono";
import { addUsage, dayOf } from "../catalogue/usage.ts";
import type { EdgeContext } from "../environment.ts";
import { logEvent } from "../log.ts";

/** Milliseconds after which a flush was ended with the request that it was part of, and the next may begin. */
const LONGEST_FLUSH_MS = 60_000;

/**
 * Counts what this instance of the Worker delivers, and tells the catalogue every few seconds: a write for each segment would cost more
 * than the segment. An instance that dies takes what it has not told with it, a few seconds' worth. An answer counts with all the bytes
 * that were asked for, also where the viewer breaks off: the platform does not say so. Figures are for people, not for bills.
 */
export class DeliveryCounter {
	readonly #counts = new Map<string, { requests: number; bytes: number }>();
	/** When the flush began that is under way, milliseconds since 1970. */
	#flushingSince: number | undefined;

	/** Counts one answer of so many bytes. */
	count(context: Context<EdgeContext>, asset: string, bytes: number, flushMilliseconds: number): void {
		const entry = this.#counts.get(asset) ?? { requests: 0, bytes: 0 };
		entry.requests += 1;
		entry.bytes += bytes;
		this.#counts.set(asset, entry);
		const now = Date.now();
		if (this.#flushingSince !== undefined && now - this.#flushingSince < LONGEST_FLUSH_MS) return;
		this.#flushingSince = now;
		context.executionCtx.waitUntil(this.#flushLater(context.env.CATALOGUE, flushMilliseconds));
	}

	async #flushLater(database: D1Database, milliseconds: number): Promise<void> {
		await new Promise((resolve) => {
			setTimeout(resolve, milliseconds);
		});
		const delivered = Array.from(this.#counts, ([asset, entry]) => ({ asset, ...entry }));
		this.#counts.clear();
		this.#flushingSince = undefined;
		try {
			await addUsage(database, dayOf(Date.now()), delivered);
		} catch (error) {
			logEvent("usage-lost", { message: String(error), assets: delivered.length });
		}
	}
}

/** The counter of this instance. */
export const deliveryCounter = new DeliveryCounter();
