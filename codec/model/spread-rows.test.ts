import { describe, expect, it } from "vitest";
import { checkRows } from "./shapes.ts";
import { spreadRows } from "./spread-rows.ts";

describe("spreadRows", () => {
	it("gives every cell the row of its block", () => {
		const table = Float32Array.from({ length: 8 * 3 }, (_, i) => i);
		const map = Uint8Array.of(7, 0, 2, 5, 5, 1);
		const rows = { table, map, columns: 3 };
		const out = spreadRows(rows, [1, 3, 8, 12]);
		const expected = Array.from({ length: 3 * 8 * 12 }, (_, i) => {
			const [x, y, c] = [i % 12, Math.floor(i / 12) % 8, Math.floor(i / 96)];
			return 3 * (map[(y >> 2) * 3 + (x >> 2)] ?? 0) + c;
		});
		expect(Array.from(out)).toEqual(expected);
	});

	it("is asked for grids and rows that exist", () => {
		const rows = { table: new Float32Array(12), map: new Uint8Array(6), columns: 3 };
		expect(() => checkRows(rows, [1, 3, 8, 12])).not.toThrow();
		expect(() => checkRows(rows, [1, 3, 8, 13])).toThrow(expect.objectContaining({ code: "invalid-picture" }));
		expect(() => checkRows(rows, [1, 3, 12, 12])).toThrow(expect.objectContaining({ code: "invalid-picture" }));
		const missing = { ...rows, map: Uint8Array.of(0, 0, 0, 0, 0, 4) };
		expect(() => checkRows(missing, [1, 3, 8, 12])).toThrow(expect.objectContaining({ code: "model-invalid" }));
	});
});
