import { afterEach, expect, it, vi } from "vitest";
import { estimateSpeed } from "./estimate.ts";

/** A clock that is read before and after each round, and between them. @param rounds milliseconds of each; the last one repeats. */
const clockOf = (rounds: readonly number[]) => {
	let now = 0;
	let read = 0;
	let round = 0;
	return () => {
		// Read once at the start; then twice around each round, and once more after it where enough were done.
		const told = now;
		read += 1;
		if (read > 1 && read % 2 === 0) {
			now += rounds[Math.min(round++, rounds.length - 1)] ?? 0;
		}
		return told;
	};
};

afterEach(() => {
	vi.unstubAllGlobals();
});

it("believes the fastest round, and ends", async () => {
	const quick = await estimateSpeed(clockOf([50, 40, 1, 40]));
	const slow = await estimateSpeed(clockOf([50, 40, 4, 40]));
	expect(quick.each).toBeGreaterThan(0);
	expect(slow.each / quick.each).toBeCloseTo(4, 6);
	expect(slow.fixed / quick.fixed).toBeCloseTo(4, 6);
});

it("has real work in its rounds", async () => {
	const { each } = await estimateSpeed();
	// From a hundred frames of 640x360 a second, which no processor encodes on one thread, to one in a minute.
	expect(each * 640 * 360).toBeGreaterThan(0.01);
	expect(each * 640 * 360).toBeLessThan(60);
});

it("says that there is nothing to compute on where there is no WebAssembly", async () => {
	vi.resetModules();
	vi.stubGlobal("WebAssembly", undefined);
	const fresh = await import("./estimate.ts");
	await expect(fresh.estimateSpeed()).rejects.toMatchObject({ code: "backend-unavailable" });
});
