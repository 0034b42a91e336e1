import { type BandwidthEstimate, estimatedBandwidth, NO_BANDWIDTH_ESTIMATE, observeTransfer } from "./bandwidth.ts";

/** A transfer while it runs; times are milliseconds of one clock. */
export type RunningTransfer = {
	/** So many bytes have arrived until now. */
	readonly progress: (bytes: number) => void;
	/** It is over: completed, failed or aborted. */
	readonly end: (now: number) => void;
};

type Span = { readonly start: number; end: number | undefined; bytes: number };

/** Finished transfers are remembered for so long, in milliseconds: longer than any that may still overlap them. */
const REMEMBERED = 60_000;

/**
 * What the network carries, measured from all transfers of a source together: two that run side by side share it, and each
 * alone would see half. So a finished transfer counts with the bytes that others received meanwhile.
 */
export class NetworkMeter {
	#estimate: BandwidthEstimate = NO_BANDWIDTH_ESTIMATE;
	readonly #spans = new Set<Span>();

	/** Bits a second; undefined while too little was seen. */
	get bandwidth(): number | undefined {
		return estimatedBandwidth(this.#estimate);
	}

	/** A transfer's first byte is here: what comes before is latency, not bandwidth. */
	begin(now: number): RunningTransfer {
		const span: Span = { start: now, end: undefined, bytes: 0 };
		this.#spans.add(span);
		return {
			progress: (bytes) => {
				span.bytes = bytes;
			},
			end: (end) => this.#finish(span, end),
		};
	}

	/** A transfer that ran from `start` to `end`, reported afterwards. */
	add(bytes: number, start: number, end: number): void {
		const span: Span = { start, end: undefined, bytes };
		this.#spans.add(span);
		this.#finish(span, end);
	}

	#finish(span: Span, end: number): void {
		if (span.end !== undefined) return;
		span.end = end;
		let bytes = span.bytes;
		for (const other of this.#spans) {
			if (other !== span) bytes += bytesWithin(other, span.start, end);
			if (other.end !== undefined && other.end < end - REMEMBERED) this.#spans.delete(other);
		}
		if (span.bytes > 0) this.#estimate = observeTransfer(this.#estimate, { bytes, milliseconds: end - span.start });
	}
}

/** Bytes of a transfer between two times, as if they had come evenly. */
function bytesWithin(span: Span, from: number, to: number): number {
	const end = span.end ?? to;
	const overlap = Math.min(end, to) - Math.max(span.start, from);
	if (overlap <= 0) return 0;
	return span.bytes * Math.min(1, overlap / Math.max(end - span.start, 1));
}
