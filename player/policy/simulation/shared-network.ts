import type { NetworkMeter, RunningTransfer } from "../network-meter.ts";
import type { Trace } from "./traces.ts";

/** One transfer over the simulated network. */
export type SimulatedTransfer<Label> = {
	readonly label: Label;
	readonly bits: number;
	/** Not arrived yet. */
	bitsLeft: number;
	/** Seconds until the first byte. */
	latencyLeft: number;
	/** Seconds since the request. */
	seconds: number;
	/** Whether the meter sees it. */
	readonly seen: boolean;
	/** Told of progress; undefined: nobody measures, or the first byte is not here. */
	measured: RunningTransfer | undefined;
};

/** A network that follows a trace: transfers share equally what it carries. Time moves in steps. */
export class SharedNetwork<Label> {
	readonly #trace: Trace;
	readonly #meter: NetworkMeter | undefined;
	#transfers: SimulatedTransfer<Label>[] = [];
	#bits = 0;

	/** @param meter measures every transfer that it sees, as the player does; undefined: the caller measures */
	constructor(trace: Trace, meter?: NetworkMeter) {
		this.#trace = trace;
		this.#meter = meter;
	}

	get transfers(): readonly SimulatedTransfer<Label>[] {
		return this.#transfers;
	}

	/** Bytes that arrived in all, of aborted transfers too. */
	get bytes(): number {
		return this.#bits / 8;
	}

	/** @param seen whether the meter sees it */
	begin(label: Label, bits: number, seen = true): void {
		const { latency } = this.#trace;
		const times = { latencyLeft: latency, seconds: 0 };
		this.#transfers.push({ label, bits, bitsLeft: bits, ...times, seen, measured: undefined });
	}

	/** Ends a transfer before its time; what has arrived is lost. @param now seconds */
	abort(transfer: SimulatedTransfer<Label>, now: number): void {
		transfer.measured?.end(1000 * now);
		this.#transfers = this.#transfers.filter((other) => other !== transfer);
	}

	/** Moves on from `now` by `step` seconds; returns the transfers that are complete. */
	step(now: number, step: number): readonly SimulatedTransfer<Label>[] {
		const moving = this.#transfers.filter((transfer) => {
			transfer.seconds += step;
			transfer.latencyLeft -= step;
			return transfer.latencyLeft <= 0;
		});
		const share = (this.#trace.bitsPerSecond(now) * step) / Math.max(moving.length, 1);
		const end = 1000 * (now + step);
		for (const transfer of moving) {
			if (transfer.seen) transfer.measured ??= this.#meter?.begin(1000 * now);
			const arrived = Math.min(share, transfer.bitsLeft);
			transfer.bitsLeft -= arrived;
			this.#bits += arrived;
			transfer.measured?.progress((transfer.bits - transfer.bitsLeft) / 8);
		}
		const complete = moving.filter(({ bitsLeft }) => bitsLeft <= 0);
		for (const { measured } of complete) measured?.end(end);
		this.#transfers = this.#transfers.filter(({ bitsLeft }) => bitsLeft > 0);
		return complete;
	}
}
