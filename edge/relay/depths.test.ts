import { describe, expect, it } from "vitest";
import { Depths } from "./depths.ts";

const MINUTE = 60_000;

describe("Depths", () => {
	it("forgets a crowd level by level, however many go on asking", () => {
		const depths = new Depths();
		expect(depths.levelOf("a", 0)).toBe(0);
		depths.remember("a", 2, 0);
		for (let now = 0; now < MINUTE; now += 1000) {
			expect(depths.levelOf("a", now)).toBe(2);
			depths.remember("a", 2, now);
		}
		expect(depths.levelOf("b", 10)).toBe(0);
		expect(depths.levelOf("a", MINUTE)).toBe(1);
		depths.remember("a", 1, MINUTE);
		expect([depths.levelOf("a", 2 * MINUTE - 1), depths.levelOf("a", 2 * MINUTE)]).toEqual([1, 0]);
	});

	it("keeps a crowd in mind while those who came before it are still answered further up", () => {
		const depths = new Depths();
		depths.remember("a", 2, 0);
		for (const level of [0, 1]) depths.remember("a", level, 1000);
		expect([depths.levelOf("a", 1000), depths.levelOf("a", MINUTE), depths.levelOf("a", 2 * MINUTE)]).toEqual([
			2, 1, 0,
		]);
	});

	it("remembers for another minute where it is still crowded further up", () => {
		const depths = new Depths();
		depths.remember("a", 1, 0);
		expect(depths.levelOf("a", MINUTE)).toBe(0);
		depths.remember("a", 1, MINUTE);
		expect([depths.levelOf("a", 2 * MINUTE - 1), depths.levelOf("a", 2 * MINUTE)]).toEqual([1, 0]);
	});
});
