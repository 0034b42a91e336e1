import { describe, expect, it } from "vitest";
import { References } from "./references.ts";

const missing = expect.objectContaining({ code: "missing-reference" });

describe("references", () => {
	it("are the last frame, and the last two around a bidirectional one", () => {
		const references = new References<string>();
		expect(() => references.last()).toThrow(missing);
		references.add("I0");
		expect(references.last()).toBe("I0");
		expect(() => references.around()).toThrow(missing);
		references.add("P2");
		expect(references.last()).toBe("P2");
		expect(references.around()).toEqual({ future: "P2", past: "I0" });
	});

	it("are one after a bidirectional frame, so that a second one has none", () => {
		const references = new References<string>();
		references.add("I0");
		references.add("P2");
		references.dropPast();
		expect(() => references.around()).toThrow(missing);
		expect(references.last()).toBe("P2");
	});

	it("let go of each frame once", () => {
		const released: string[] = [];
		const references = new References<string>((reference) => released.push(reference));
		references.add("I0");
		references.add("P2");
		references.add("P3");
		expect(released).toEqual(["I0"]);
		references.dropPast();
		references.clear();
		references.clear();
		expect(released).toEqual(["I0", "P2", "P3"]);
	});
});
