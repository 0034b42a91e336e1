/** What an asset has behind it: segments of one length, one part each. Times in microseconds. */
export type Past = {
	readonly segments: number;
	readonly duration: number;
	readonly tracks: readonly { readonly id: string; readonly segmentBytes: number; readonly segmentSamples: number }[];
};
