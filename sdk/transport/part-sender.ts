import { UploadError } from "../errors.ts";
import type { Gate } from "../stages/gate.ts";

/** One part on its way to the edge. */
export type OutgoingPart = {
	/** The track's id at the edge. */
	readonly track: string;
	readonly number: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
};

/** Carries one part to the edge and comes back when it is acknowledged. */
export type Deliver = (part: OutgoingPart, signal: AbortSignal) => Promise<void>;

/** Requests at the same time: enough to hide the round trip, few enough to keep the order of arrival useful. */
const LANES = 3;

/**
 * Sends parts in the order given, a few at a time. `add` waits while too much is pending: that is how a slow network
 * slows the encoder down instead of filling the memory. The first failure stops everything and is thrown by `add` and `finish`.
 */
export class PartSender {
	readonly #deliver: Deliver;
	readonly #gate: Gate;
	readonly #mostBytes: number;
	readonly #abort = new AbortController();
	readonly #signal: AbortSignal;
	readonly #waiting: OutgoingPart[] = [];
	#underWay = 0;
	#pendingBytes = 0;
	/** Parts that are not acknowledged. */
	readonly #outstanding = new Set<OutgoingPart>();
	#failure: { readonly error: unknown } | undefined;
	#changed: (() => void)[] = [];

	/**
	 * @param gate closed while the upload is paused: nothing new is sent. @param limits bytes that may wait or be under way
	 * before `add` makes the encoder wait.
	 */
	constructor(deliver: Deliver, gate: Gate, signal: AbortSignal, limits: { readonly mostBytes: number }) {
		this.#mostBytes = limits.mostBytes;
		this.#deliver = deliver;
		this.#gate = gate;
		this.#signal = AbortSignal.any([signal, this.#abort.signal]);
		signal.addEventListener("abort", () => this.#fail(signal.reason), { once: true });
	}

	/** Bytes not yet acknowledged. */
	get pendingBytes(): number {
		return this.#pendingBytes;
	}

	/** True while the next `add` would have to wait. */
	get full(): boolean {
		return this.#pendingBytes >= this.#mostBytes;
	}

	/** Takes a part over; resolves when there is room for the next one. @throws what stopped the sending. */
	async add(part: OutgoingPart): Promise<void> {
		this.#throwIfFailed();
		this.#waiting.push(part);
		this.#pendingBytes += part.bytes.length;
		this.#outstanding.add(part);
		this.#start();
		while (this.full) {
			await this.#change();
			this.#throwIfFailed();
		}
	}

	/** Resolves when every part added before is acknowledged. @throws what stopped the sending. */
	async settled(): Promise<void> {
		const before = [...this.#outstanding];
		this.#throwIfFailed();
		while (before.some((part) => this.#outstanding.has(part))) {
			await this.#change();
			this.#throwIfFailed();
		}
	}

	/** Resolves when every part is acknowledged. @throws what stopped the sending. */
	async finish(): Promise<void> {
		this.#throwIfFailed();
		while (this.#pendingBytes > 0) {
			await this.#change();
			this.#throwIfFailed();
		}
	}

	#start(): void {
		while (this.#underWay < LANES && this.#failure === undefined) {
			const part = this.#waiting.shift();
			if (part === undefined) {
				return;
			}
			this.#underWay += 1;
			void this.#send(part);
		}
	}

	async #send(part: OutgoingPart): Promise<void> {
		try {
			await this.#gate.passed(this.#signal);
			await this.#deliver(part, this.#signal);
			this.#pendingBytes -= part.bytes.length;
			this.#outstanding.delete(part);
		} catch (error) {
			this.#fail(error);
		}
		this.#underWay -= 1;
		this.#start();
		this.#notify();
	}

	#fail(error: unknown): void {
		this.#failure ??= { error };
		this.#abort.abort(new UploadError("aborted", "Another part could not be sent."));
		this.#notify();
	}

	#throwIfFailed(): void {
		if (this.#failure !== undefined) {
			throw this.#failure.error;
		}
	}

	#change(): Promise<void> {
		return new Promise((resolve) => this.#changed.push(resolve));
	}

	#notify(): void {
		for (const resolve of this.#changed.splice(0)) {
			resolve();
		}
	}
}
