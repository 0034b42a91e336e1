/**
 * Quality of the base for an enhancement of quality `q`: the finer the enhancement, the finer the base, because what the base
 * already holds the enhancement need not code. A straight line; the bounds are x264's own usable range.
 */
export const baseCrfFor = (q: number): number => Math.min(Math.max(Math.round((38 - 0.22 * q) * 10) / 10, 12), 44);
