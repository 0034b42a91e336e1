import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { laplaceScale, tablesModule } from "./generate-tables.ts";
import { FREQUENCY_TOTAL } from "./rans.ts";
import {
	entryOf,
	ESCAPE_ENTRY,
	FREQUENCIES,
	LARGEST_DIRECT,
	SCALES,
	slotEntries,
	STARTS,
	symbolCosts,
} from "./tables.ts";

describe("Laplace tables", () => {
	it("are the ones that their generator makes", () => {
		const committed = readFileSync(new URL("laplace-tables.generated.ts", import.meta.url), "utf8");
		// A formatter may wrap lines; numbers and names may not differ.
		const plain = (text: string) => text.replace(/\s+/g, "");
		expect(plain(committed)).toBe(plain(tablesModule()));
	});

	it("use every slot once, zero first, escape last", () => {
		const entries = slotEntries();
		for (let scale = 1; scale < SCALES; scale++) {
			let slot = 0;
			const direct = LARGEST_DIRECT[scale] ?? 0;
			for (const entry of [...Array.from({ length: 2 * direct + 1 }, (_, i) => i), ESCAPE_ENTRY]) {
				const i = scale * 64 + entry;
				expect(STARTS[i]).toBe(slot);
				expect(FREQUENCIES[i]).toBeGreaterThanOrEqual(1);
				expect(entries[scale * FREQUENCY_TOTAL + slot]).toBe(entry);
				slot += FREQUENCIES[i] ?? 0;
				expect(entries[scale * FREQUENCY_TOTAL + slot - 1]).toBe(entry);
			}
			expect(slot).toBe(FREQUENCY_TOTAL);
		}
	});

	it("cost at most three percent and 0.002 bits more than the distribution itself", () => {
		const costs = symbolCosts();
		for (let scale = 1; scale < SCALES; scale++) {
			const b = laplaceScale(scale);
			let entropy = 0;
			let spent = 0;
			for (let m = 0; m <= 255; m++) {
				const p = m === 0 ? 1 - Math.exp(-0.5 / b) : Math.exp(-(m - 0.5) / b) - Math.exp(-(m + 0.5) / b);
				if (p === 0) continue;
				entropy += p * (m === 0 ? -Math.log2(p) : 1 - Math.log2(p));
				spent += p * (costs[scale * 256 + m] ?? Number.NaN);
			}
			expect(spent).toBeLessThan(1.03 * entropy + 0.002);
		}
	});

	it("make scale 0 free for 0 and impossible for the rest", () => {
		expect(symbolCosts()[0]).toBe(0);
		expect(symbolCosts()[1]).toBe(Number.POSITIVE_INFINITY);
		expect(symbolCosts()[255]).toBe(Number.POSITIVE_INFINITY);
		expect([0, 1, -1, 2, -2].map(entryOf)).toEqual([0, 1, 2, 3, 4]);
	});
});
