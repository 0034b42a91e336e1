/**
 * Bjøntegaard delta rate: the average difference of rate between two encoders at equal quality, over the qualities that
 * both reach (ITU-T VCEG-M33), with piecewise cubic interpolation (PCHIP, Fritsch and Carlson 1980), which never
 * overshoots between the points as one cubic over all of them may.
 */

/** One file of an encoder: its rate in any unit (the same for both curves) and its quality in dB. */
export interface RatePoint {
	readonly rate: number;
	readonly quality: number;
}

/** The result of a comparison. */
export interface BdRate {
	/** Difference of rate in percent; negative where the tested encoder needs fewer bits. */
	readonly percent: number;
	/** The qualities in dB over which both curves run. */
	readonly from: number;
	readonly to: number;
	/** The part of the reference's range of quality that the two share, 0..1. */
	readonly overlap: number;
}

/**
 * The rate of `test` against that of `reference`, on average over their common qualities.
 * @throws RangeError where a curve has fewer than two points, or the two share no quality.
 */
export function bdRate(reference: readonly RatePoint[], test: readonly RatePoint[]): BdRate {
	const a = curve(reference);
	const b = curve(test);
	const from = Math.max(first(a.x), first(b.x));
	const to = Math.min(last(a.x), last(b.x));
	if (!(to > from)) throw new RangeError("the two curves share no range of quality");
	const difference = (integrate(b, from, to) - integrate(a, from, to)) / (to - from);
	const range = last(a.x) - first(a.x);
	return { percent: (10 ** difference - 1) * 100, from, to, overlap: (to - from) / range };
}

/** Rate at a quality inside the curve, by the same interpolation. */
export function rateAt(points: readonly RatePoint[], quality: number): number {
	const { x, y, slope } = curve(points);
	if (quality < first(x) || quality > last(x)) throw new RangeError(`quality ${quality} is outside the curve`);
	const i = interval(x, quality);
	return 10 ** hermite(x, y, slope, i, quality);
}

interface Curve {
	/** Qualities in dB, ascending. */
	readonly x: readonly number[];
	/** log10 of the rates. */
	readonly y: readonly number[];
	/** Derivatives at the points. */
	readonly slope: readonly number[];
}

function curve(points: readonly RatePoint[]): Curve {
	// Where a higher rate buys no quality the curve is not a function of quality: such points are left out.
	const sorted = points.toSorted((a, b) => a.rate - b.rate);
	const kept: RatePoint[] = [];
	for (const point of sorted) if (kept.length === 0 || point.quality > last(kept).quality) kept.push(point);
	if (kept.length < 2) throw new RangeError("a curve needs at least two points of growing quality");
	const x = kept.map((point) => point.quality);
	const y = kept.map((point) => Math.log10(point.rate));
	return { x, y, slope: slopes(x, y) };
}

/** Derivatives of Fritsch and Carlson: weighted harmonic means, zero at an extremum, three-point at the ends. */
export function slopes(x: readonly number[], y: readonly number[]): number[] {
	const n = x.length;
	const h = pairs(x);
	const d = pairs(y).map((dy, i) => dy / at(h, i));
	if (n === 2) return [at(d, 0), at(d, 0)];
	const result = [end(at(h, 0), at(h, 1), at(d, 0), at(d, 1))];
	for (let i = 1; i < n - 1; i++) {
		const [d0, d1, h0, h1] = [at(d, i - 1), at(d, i), at(h, i - 1), at(h, i)];
		const [w0, w1] = [2 * h1 + h0, h1 + 2 * h0];
		result.push(d0 * d1 <= 0 ? 0 : (w0 + w1) / (w0 / d0 + w1 / d1));
	}
	result.push(end(at(h, n - 2), at(h, n - 3), at(d, n - 2), at(d, n - 3)));
	return result;
}

function end(h0: number, h1: number, d0: number, d1: number): number {
	const slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
	if (Math.sign(slope) !== Math.sign(d0)) return 0;
	return Math.sign(d0) !== Math.sign(d1) && Math.abs(slope) > Math.abs(3 * d0) ? 3 * d0 : slope;
}

/** Integral of the interpolation over [from, to], exact: Simpson's rule is so for a cubic. */
function integrate({ x, y, slope }: Curve, from: number, to: number): number {
	let sum = 0;
	for (let i = 0; i + 1 < x.length; i++) {
		const [a, b] = [Math.max(from, at(x, i)), Math.min(to, at(x, i + 1))];
		if (b <= a) continue;
		const f = (v: number): number => hermite(x, y, slope, i, v);
		sum += ((b - a) / 6) * (f(a) + 4 * f((a + b) / 2) + f(b));
	}
	return sum;
}

function hermite(x: readonly number[], y: readonly number[], slope: readonly number[], i: number, v: number): number {
	const h = at(x, i + 1) - at(x, i);
	const t = (v - at(x, i)) / h;
	const s = 1 - t;
	return (
		at(y, i) * (1 + 2 * t) * s * s +
		at(slope, i) * h * t * s * s +
		at(y, i + 1) * t * t * (3 - 2 * t) +
		at(slope, i + 1) * h * t * t * (t - 1)
	);
}

function interval(x: readonly number[], v: number): number {
	const i = x.findIndex((value) => value > v);
	return i < 0 ? x.length - 2 : Math.max(0, i - 1);
}

function pairs(values: readonly number[]): number[] {
	return values.slice(1).map((value, i) => value - at(values, i));
}

function at<T>(values: readonly T[], i: number): T {
	const value = values[i];
	if (value === undefined) throw new RangeError(`no element ${i}`);
	return value;
}

const first = <T>(values: readonly T[]): T => at(values, 0);
const last = <T>(values: readonly T[]): T => at(values, values.length - 1);
