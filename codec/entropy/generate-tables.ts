/**
 * Writes `laplace-tables.generated.ts` (SPEC section 5). Run: `node codec/entropy/generate-tables.ts`
 *
 * The committed file is what counts: it was made once, so that no decoder depends on how its `exp` rounds. A test
 * compares it with what this program makes.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** log2 of the sum of a table's frequencies. */
const FREQUENCY_BITS = 14;
const SCALES = 64;
const SMALLEST_SCALE = 0.06;
const LARGEST_SCALE = 40;
/** No table codes a larger magnitude without an escape. */
const LARGEST_MAGNITUDE = 20;

/** One table: frequencies of the magnitudes 1, 2, ... (each sign), of the escape, and the escape's Golomb order. */
export type LaplaceTable = { readonly sides: readonly number[]; readonly escape: number; readonly order: number };

/** `b(i)`: the Laplace distribution's scale, in symbols. */
export function laplaceScale(index: number): number {
	return SMALLEST_SCALE * (LARGEST_SCALE / SMALLEST_SCALE) ** (index / (SCALES - 1));
}

/** @param index 1..63 */
export function laplaceTable(index: number): LaplaceTable {
	const scale = laplaceScale(index);
	const total = 1 << FREQUENCY_BITS;
	/** Probability of all magnitudes from `m` on, both signs. */
	const tail = (m: number) => Math.exp(-(m - 0.5) / scale);
	const sides: number[] = [];
	for (let m = 1; m <= LARGEST_MAGNITUDE; m++) {
		const expected = (total * (tail(m) - tail(m + 1))) / 2;
		// A magnitude rarer than half a slot goes to the escape: forty slots for what never comes would make the zero,
		// which always comes, ten times dearer.
		if (m > 1 && expected < 0.5) break;
		sides.push(Math.max(1, Math.round(expected)));
	}
	const escape = Math.max(1, Math.round(total * tail(sides.length + 1)));
	return { sides, escape, order: Math.max(0, Math.floor(Math.log2(scale))) };
}

/** The text of the generated module. */
export function tablesModule(): string {
	const rows = Array.from({ length: SCALES - 1 }, (_, i) => laplaceTable(i + 1)).map(
		({ sides, escape, order }) => `\t[${[order, escape, ...sides].join(", ")}],`,
	);
	return [
		"// Made by generate-tables.ts; do not edit.",
		"",
		"/**",
		" * One row per scale index 1..63 (SPEC section 5): Golomb order of the escape, frequency of the escape, then the",
		" * frequency of either sign of the magnitudes 1, 2, ... Zero has what is left of 2^14.",
		" */",
		"// prettier-ignore",
		"export const LAPLACE_TABLES: readonly (readonly number[])[] = [",
		...rows,
		"];",
		"",
	].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	writeFileSync(new URL("laplace-tables.generated.ts", import.meta.url), tablesModule());
}
