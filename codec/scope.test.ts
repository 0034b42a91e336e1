import { describe, expect, it } from "vitest";
import { type Held, scoped } from "./scope.ts";

/** Things that write down when they are disposed of. */
function things() {
	const log: string[] = [];
	const thing = (name: string, error?: string): Held => ({
		dispose: async () => {
			log.push(name);
			if (error !== undefined) throw new Error(error);
		},
	});
	return { log, thing };
}

describe("a scope", () => {
	it("frees what is temporary, the last first, and leaves the results", async () => {
		const { log, thing } = things();
		const value = await scoped(async (temporary, result) => {
			temporary(thing("a"));
			result(thing("b"));
			temporary(thing("c"));
			return 7;
		});
		expect([value, log]).toEqual([7, ["c", "a"]]);
	});

	it("frees the results as well where the step fails", async () => {
		const { log, thing } = things();
		const failing = scoped(async (temporary, result) => {
			result(thing("a"));
			result(thing("b"));
			temporary(thing("c"));
			throw new Error("step");
		});
		await expect(failing).rejects.toThrow("step");
		expect(log).toEqual(["c", "b", "a"]);
	});

	it("frees everything though one cannot be, and reports the first error", async () => {
		const { log, thing } = things();
		const step = (fails: boolean) =>
			scoped(async (temporary, result) => {
				temporary(thing("a"));
				temporary(thing("b", "disposal"));
				result(thing("c"));
				if (fails) throw new Error("step");
			});
		await expect(step(true)).rejects.toThrow("step");
		await expect(step(false)).rejects.toThrow("disposal");
		expect(log).toEqual(["b", "a", "c", "b", "a", "c"]);
	});
});
