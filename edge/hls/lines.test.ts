import { expect, it } from "vitest";
import { Lines } from "./lines.ts";

it("lines are one text, however many there are, in what numbers they come and how often they are read", () => {
	const all = Array.from({ length: 2500 }, (_, index) => `line ${index}\n`);
	const lines = new Lines();
	expect(String(lines)).toBe("");
	const read: number[] = [];
	for (let index = 0; index < all.length; index += 5) {
		const [first = "", ...more] = all.slice(index, index + 5).map((line) => line.trimEnd());
		lines.push(first);
		lines.push(...more);
		read.push(String(lines).length);
	}
	expect(String(lines)).toBe(all.join(""));
	expect(read).toEqual(Array.from({ length: 500 }, (_, index) => all.slice(0, 5 * index + 5).join("").length));
	expect(String(lines)).toBe(all.join(""));
});
