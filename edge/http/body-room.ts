import { ApiError } from "./api-error.ts";

/** Milliseconds after which a body counts no more: whoever read it is gone, or so slow that a few bytes more do not matter. */
const FORGOTTEN_AFTER = 10 * 60_000;

/**
 * The memory of bodies that are read at the same time, counted by whom they are for: a Worker has one memory for all of its requests.
 * What has no room is refused and not kept waiting, for nobody knows how slowly the others come.
 */
export class BodyRoom {
	readonly #most: number;
	readonly #now: () => number;
	readonly #bodies = new Map<string, Set<Body>>();

	/** `most`: bytes of one owner's bodies together. `now`: milliseconds. */
	constructor(most: number, now = () => Date.now()) {
		this.#most = most;
		this.#now = now;
	}

	/** A body that begins to be read. Close it, or its bytes are counted for ten minutes. */
	open(owner: string): BodyCount {
		const body = { bytes: 0, since: this.#now() };
		return {
			grow: (bytes) => {
				if (this.#taken(owner) + bytes > this.#most) {
					throw new ApiError(
						"rate-limited",
						"More is sent at the same time than there is memory for.",
						"Send fewer bodies at once.",
						{ retryAfter: 1 },
					);
				}
				body.bytes += bytes;
				const bodies = this.#bodies.get(owner) ?? new Set();
				this.#bodies.set(owner, bodies.add(body));
			},
			close: () => this.#forget(owner, body),
		};
	}

	#taken(owner: string): number {
		let bytes = 0;
		for (const body of this.#bodies.get(owner) ?? []) {
			if (this.#now() - body.since >= FORGOTTEN_AFTER) this.#forget(owner, body);
			else bytes += body.bytes;
		}
		return bytes;
	}

	#forget(owner: string, body: Body): void {
		const bodies = this.#bodies.get(owner);
		bodies?.delete(body);
		if (bodies?.size === 0) this.#bodies.delete(owner);
	}
}

/** What is counted of a body, and since when, milliseconds. */
type Body = { bytes: number; readonly since: number };

/** One body among those that are read. */
export type BodyCount = {
	/** @throws ApiError `rate-limited` where there is no room for so many bytes more */
	grow(bytes: number): void;
	/** Its bytes are no longer in memory. Idempotent. */
	close(): void;
};
