import { describe, expect, it } from "vitest";
import { replaceSection, table } from "./results.ts";

describe("the page of results", () => {
	it("gets a new section at its end", () => {
		expect(replaceSection("# Results\n", "a", "one\n")).toBe(
			"# Results\n\n<!-- a: begin -->\none\n<!-- a: end -->\n",
		);
	});

	it("keeps the other sections when one is replaced", () => {
		const both = replaceSection(replaceSection("# Results\n", "a", "one"), "b", "two");
		const again = replaceSection(both, "a", "three");
		expect(again).toContain("<!-- a: begin -->\nthree\n<!-- a: end -->");
		expect(again).toContain("two");
		expect(again).not.toContain("one");
		expect(replaceSection(again, "a", "three")).toBe(again);
	});

	it("has tables", () => {
		expect(table(["clip", "fps"], [["a", "1.0"]])).toBe("| clip | fps |\n| --- | ---: |\n| a | 1.0 |");
	});
});
