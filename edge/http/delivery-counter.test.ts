import { env } from "cloudflare:workers";
import type { Context } from "hono";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { EdgeContext } from "../environment.ts";
import { DeliveryCounter } from "./delivery-counter.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["Date", "setTimeout"] }));
afterEach(() => vi.useRealTimers());

it("begins anew where a flush was ended with the request that it was part of", () => {
	const counter = new DeliveryCounter();
	const flushes: Promise<unknown>[] = [];
	const executionCtx = { waitUntil: (flush: Promise<unknown>) => flushes.push(flush) };
	const context = { env, executionCtx } as unknown as Context<EdgeContext>;
	counter.count(context, "asset", 10, 5000);
	counter.count(context, "asset", 10, 5000);
	expect(flushes).toHaveLength(1);
	// Its timer never fires: whoever was to wait for it is gone.
	vi.setSystemTime(Date.now() + 59_000);
	counter.count(context, "asset", 10, 5000);
	expect(flushes).toHaveLength(1);
	vi.setSystemTime(Date.now() + 2000);
	counter.count(context, "asset", 10, 5000);
	expect(flushes).toHaveLength(2);
});
