/**
 * Mean of two predictions, halves rounded up (SPEC section 4.7).
 *
 * @param a integers. @param b of the same length
 */
export function average<T extends Float32Array | Uint8Array>(a: T, b: T): T {
	const out = a.slice() as T;
	for (let i = 0; i < out.length; i++) out[i] = Math.floor(((a[i] as number) + (b[i] as number) + 1) / 2);
	return out;
}
