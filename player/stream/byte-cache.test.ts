import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteCache } from "./byte-cache.ts";

describe("byte cache", () => {
	it("forgets what was used longest ago", () => {
		const cache = new ByteCache<string>(30);
		for (const key of ["a", "b", "c"]) cache.set(key, new Uint8Array(10));
		cache.get("a");
		cache.set("d", new Uint8Array(10));
		expect(["a", "b", "c", "d"].filter((key) => cache.has(key))).toEqual(["a", "c", "d"]);
	});

	it("never holds more than its capacity, and knows what it holds", () => {
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 60 }))),
				(steps) => {
					const cache = new ByteCache<number>(100);
					for (const [key, length] of steps) {
						cache.set(key, new Uint8Array(length));
						expect(cache.get(key)?.length).toBe(length);
					}
					const held = Array.from({ length: 10 }, (_, key) => cache.get(key)?.length ?? 0).reduce(
						(a, b) => a + b,
						0,
					);
					expect(cache.size).toBe(held);
					expect(held).toBeLessThanOrEqual(100);
				},
			),
			{ seed: 7 },
		);
	});

	it("keeps nothing that is larger than itself", () => {
		const cache = new ByteCache<string>(10);
		cache.set("a", new Uint8Array(11));
		expect([cache.has("a"), cache.size]).toEqual([false, 0]);
	});
});
