import { describe, expect, it } from "vitest";
import { symbolCosts } from "../entropy/tables.ts";
import { addedErrors, bitsOfCells, changeLevels, copyingGains, withoutCopied } from "./copied-blocks.ts";
import { CUE_PLANES } from "./cues.ts";
import { frameGeometry } from "./geometry.ts";

const geometry = frameGeometry(64, 32);
const { grid4, grid8, grid16 } = geometry;

describe("copied blocks", () => {
	it("have the level of the base's largest change", () => {
		const cues = new Float32Array(CUE_PLANES * grid8.cells);
		const at = (plane: number, x: number, y: number) => plane * grid8.cells + y * grid8.width + x;
		cues[at(12, 0, 0)] = 1;
		cues[at(13, 3, 1)] = 2;
		cues[at(16, 2, 0)] = 3;
		cues[at(17, 4, 3)] = 7;
		cues[at(14, 7, 2)] = 8;
		cues[at(11, 1, 2)] = 99; // no plane of absolute change
		expect([...changeLevels(cues, geometry)]).toEqual([0, 1, 0, 0, 0, 0, 2, 3]);
	});

	it("have neither symbols nor latents", () => {
		const flags = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 1);
		const length = 96 * grid8.cells;
		const law = { mean: new Float32Array(length).fill(5), scale: new Uint8Array(length).fill(9) };
		const { mean, scale } = withoutCopied(law, flags, grid8);
		for (let i = 0; i < length; i++) {
			const cell = i % grid8.cells;
			const block = (cell >> 4) * grid16.width + ((cell % grid8.width) >> 1);
			expect([mean[i], scale[i]]).toEqual(flags[block] === 1 ? [0, 0] : [5, 9]);
		}
		expect(law.scale.every((s) => s === 9)).toBe(true);
	});

	it("save the bits of their latents", () => {
		const symbols = new Int16Array(96 * grid8.cells);
		const scale = new Uint8Array(symbols.length);
		symbols[5] = -3;
		scale[5] = 20;
		scale[2 * grid8.cells + 5] = 7;
		const bits = bitsOfCells(symbols, scale, grid8.cells);
		const costs = symbolCosts();
		expect(bits[5]).toBeCloseTo((costs[(20 << 8) | 3] as number) + (costs[7 << 8] as number), 4);
		expect(bits.filter((b) => b > 0)).toHaveLength(1);
	});

	it("lose what their picture is worse by, weighed by lambda", () => {
		const length = 24 * grid4.cells;
		const source = new Float32Array(length);
		const coded = new Float32Array(length).fill(128);
		const copied = new Float32Array(length);
		// One luma sample of block 1 is 16 off where it is copied, one of block 2 where it is coded.
		copied[5] = 16;
		coded[9] = 128 - 16;
		const bits = new Float32Array(grid8.cells);
		bits[0] = 4;
		const lambda = 40 * 40 ** (20 / 63);
		const worth = (2 * lambda * 0.75 * 16 ** 2) / 256 ** 2;
		const added = addedErrors({ source, coded, offset: 0, copied }, geometry);
		const alike = { source, coded: coded.map((s) => s - 128), offset: 128, copied } as const;
		expect(addedErrors(alike, geometry)).toEqual(added);
		const gains = copyingGains(bits, added, Uint8Array.of(20, 50), geometry);
		const finer = worth * 40 ** (30 / 63);
		const expected = [4, -worth, finer, 0, 0, 0, 0, 0];
		gains.forEach((gain, block) => expect(gain).toBeCloseTo(expected[block] as number, 3));
	});
});
