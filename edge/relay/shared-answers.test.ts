import { describe, expect, it, vi } from "vitest";
import { SharedAnswers } from "./shared-answers.ts";

const always = () => true;

describe("SharedAnswers", () => {
	it("asks once for all who wait, and for those who come a moment later", async () => {
		const answers = new SharedAnswers();
		const { promise, resolve } = Promise.withResolvers<string>();
		const ask = vi.fn<() => Promise<string>>(() => promise);
		const all = Array.from({ length: 100 }, () => answers.get("a", ask, always));
		resolve("yes");
		expect(new Set(await Promise.all(all))).toEqual(new Set(["yes"]));
		expect(await answers.get("a", ask, always)).toBe("yes");
		expect(ask).toHaveBeenCalledTimes(1);
	});

	it("asks anew for something else, after an answer that does not last, and after a failure", async () => {
		const answers = new SharedAnswers();
		const ask = vi.fn<() => Promise<string>>(async () => "no");
		for (const key of ["a", "b", "a"]) expect(await answers.get(key, ask, () => false)).toBe("no");
		expect(ask).toHaveBeenCalledTimes(3);
		const failing = async () => Promise.reject(new Error("gone"));
		const both = [answers.get("c", failing, always), answers.get("c", failing, always)];
		expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
		expect(await answers.get("c", ask, always)).toBe("no");
	});

	it("keeps so many at most, however many are asked for", async () => {
		const answers = new SharedAnswers();
		const ask = vi.fn<() => Promise<string>>(async () => "long");
		vi.useFakeTimers();
		try {
			for (let round = 0; round < 2; round++) {
				for (let key = 0; key < 1000; key++) await answers.get(String(key), ask, always);
			}
			expect(ask).toHaveBeenCalledTimes(2000 - 64);
		} finally {
			vi.useRealTimers();
		}
	});
});
