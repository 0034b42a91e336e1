import { expect, it } from "vitest";
import { Kept } from "./kept.ts";

const sizeOf = (text: string): number => text.length;

it("gives many the same, and no more than fits", () => {
	const kept = new Kept<string>(10);
	let made = 0;
	const ask = (name: string, text: string) => kept.get(name, () => `${text}${++made}`, sizeOf);
	expect([ask("a", "four"), ask("a", "four"), ask("b", "four")]).toEqual(["four1", "four1", "four2"]);
	// A third does not fit beside the two: they are forgotten.
	expect([ask("c", "four"), ask("a", "four")]).toEqual(["four3", "four4"]);
	kept.clear();
	expect(ask("c", "four")).toBe("four5");
});

it("keeps one that is too large, until the next", () => {
	const kept = new Kept<string>(2);
	let made = 0;
	const ask = (name: string) => kept.get(name, () => `large${++made}`, sizeOf);
	expect([ask("a"), ask("a"), ask("b"), ask("a")]).toEqual(["large1", "large1", "large2", "large3"]);
});

it("keeps nothing that is not there", () => {
	const kept = new Kept<string>(10);
	expect(kept.get("a", () => undefined, sizeOf)).toBeUndefined();
	expect(kept.get("a", () => "there", sizeOf)).toBe("there");
});
