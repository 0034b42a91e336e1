import { ApiError } from "./api-error.ts";

/**
 * The memory of bodies that are read at the same time, counted by whom they are for: a Worker has one memory for all of its requests.
 * What has no room is refused and not kept waiting, for nobody knows how slowly the others come.
 */
export class BodyRoom {
	readonly #most: number;
	readonly #taken = new Map<string, number>();

	/** `most`: bytes of one owner's bodies together. */
	constructor(most: number) {
		this.#most = most;
	}

	/** A body that begins to be read. Close it, or its bytes are counted for ever. */
	open(owner: string): BodyCount {
		let own = 0;
		const add = (bytes: number): void => {
			own += bytes;
			const all = (this.#taken.get(owner) ?? 0) + bytes;
			if (all > 0) this.#taken.set(owner, all);
			else this.#taken.delete(owner);
		};
		return {
			grow: (bytes) => {
				if ((this.#taken.get(owner) ?? 0) + bytes <= this.#most) return add(bytes);
				throw new ApiError(
					"rate-limited",
					"More is sent at the same time than there is memory for.",
					"Send fewer bodies at once.",
					{ retryAfter: 1 },
				);
			},
			close: () => add(-own),
		};
	}
}

/** One body among those that are read. */
export type BodyCount = {
	/** @throws ApiError `rate-limited` where there is no room for so many bytes more */
	grow(bytes: number): void;
	/** Its bytes are no longer in memory. Idempotent. */
	close(): void;
};
