/** Frames a second as a fraction. */
export type FrameRate = { readonly numerator: number; readonly denominator: number };

const RATES: readonly FrameRate[] = [
	...[24, 30, 48, 60, 120].map((rate) => ({ numerator: rate * 1000, denominator: 1001 })),
	...[1, 2, 5, 6, 8, 10, 12, 12.5, 15, 16, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240].map((rate) =>
		rate === 12.5 ? { numerator: 25, denominator: 2 } : { numerator: rate, denominator: 1 },
	),
];

/**
 * The frame rate of samples that last `microseconds` on average over `count` of them: a usual one where it is within what
 * rounding to microseconds can do, else the nearest multiple of a thousandth.
 */
export const frameRateOf = (microseconds: number, count: number): FrameRate => {
	const tolerance = 1 / Math.max(count, 1) + 1e-6;
	const usual = RATES.find(
		({ numerator, denominator }) => Math.abs((1_000_000 * denominator) / numerator - microseconds) <= tolerance,
	);
	return (
		usual ?? { numerator: Math.max(Math.round(1_000_000_000 / Math.max(microseconds, 1)), 1), denominator: 1000 }
	);
};
