import { type BandwidthEstimate, estimatedBandwidth, NO_BANDWIDTH_ESTIMATE, observeTransfer } from "./bandwidth.ts";

/** A transfer while it runs; times are milliseconds of one clock. */
export type RunningTransfer = {
	/** So many bytes have arrived until now. */
	readonly progress: (bytes: number) => void;
	/** It is over: completed, failed or aborted. */
	readonly end: (now: number) => void;
};

/** Milliseconds without a byte after which the network may have become another one. */
const SILENCE = 10_000;

/** The first transfer after such a silence counts as if it had lasted so many seconds: as much as all that was measured before it. */
const WEIGHT_AFTER_SILENCE = 3;

type Span = {
	readonly start: number;
	end: number | undefined;
	bytes: number;
	/** Nothing had come for a while before it. */
	readonly afterSilence: boolean;
};

/** Finished transfers are remembered for so long, in milliseconds: longer than any that may still overlap them. */
const REMEMBERED = 60_000;

/**
 * What the network carries, measured from all transfers of a source together: two that run side by side share it, and each
 * alone would see half. So a finished transfer counts with the bytes that others received meanwhile.
 */
export class NetworkMeter {
	#estimate: BandwidthEstimate = NO_BANDWIDTH_ESTIMATE;
	readonly #spans = new Set<Span>();
	#running = 0;
	/** When the last transfer ended; undefined: there was none. */
	#lastEnd: number | undefined;

	/** Bits a second; undefined while too little was seen. */
	get bandwidth(): number | undefined {
		return estimatedBandwidth(this.#estimate);
	}

	/** Nothing has come for so long that what was measured says nothing of the network as it is now. */
	isSilent(now: number): boolean {
		return this.#running === 0 && this.#lastEnd !== undefined && now - this.#lastEnd > SILENCE;
	}

	/** A transfer's first byte is here: what comes before is latency, not bandwidth. */
	begin(now: number): RunningTransfer {
		const span = this.#start(now);
		return {
			progress: (bytes) => {
				span.bytes = bytes;
			},
			end: (end) => this.#finish(span, end),
		};
	}

	/** A transfer that ran from `start` to `end`, reported afterwards. */
	add(bytes: number, start: number, end: number): void {
		const span = this.#start(start);
		span.bytes = bytes;
		this.#finish(span, end);
	}

	#start(now: number): Span {
		const span: Span = { start: now, end: undefined, bytes: 0, afterSilence: this.isSilent(now) };
		this.#spans.add(span);
		this.#running++;
		return span;
	}

	#finish(span: Span, end: number): void {
		if (span.end !== undefined) return;
		span.end = end;
		this.#running--;
		this.#lastEnd = Math.max(this.#lastEnd ?? end, end);
		let bytes = span.bytes;
		for (const other of this.#spans) {
			if (other !== span) bytes += bytesWithin(other, span.start, end);
			if (other.end !== undefined && other.end < end - REMEMBERED) this.#spans.delete(other);
		}
		if (span.bytes === 0) return;
		const transfer = { bytes, milliseconds: end - span.start };
		const lightest = span.afterSilence ? WEIGHT_AFTER_SILENCE : undefined;
		this.#estimate = observeTransfer(this.#estimate, transfer, lightest);
	}
}

/** Bytes of a transfer between two times, as if they had come evenly. */
function bytesWithin(span: Span, from: number, to: number): number {
	const end = span.end ?? to;
	const overlap = Math.min(end, to) - Math.max(span.start, from);
	if (overlap <= 0) return 0;
	return span.bytes * Math.min(1, overlap / Math.max(end - span.start, 1));
}
