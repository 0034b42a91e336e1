import { CodecError } from "../errors.ts";

/** The error of a bidirectional frame that does not lie between its references. */
export function missingNeighbour(): CodecError {
	return new CodecError("missing-reference", "A bidirectional frame came without the frames before and after it.", {
		hint: "Decode the inter frame behind it first.",
	});
}

/**
 * What frames refer to, of intra and inter frames alike: an inter frame to the last one decoded; a bidirectional frame, in the middle of
 * time, to the last two. After a bidirectional frame only the last one is left: no other frame refers to the one before.
 *
 * @typeParam T what is kept of a frame
 */
export class References<T> {
	private future: T | undefined;
	private past: T | undefined;
	private readonly release: (reference: T) => void;

	/** @param release called with what is not referred to any more */
	constructor(release: (reference: T) => void = () => undefined) {
		this.release = release;
	}

	/** What an inter frame refers to. @throws CodecError `missing-reference` */
	last(): T {
		if (this.future === undefined) {
			throw new CodecError("missing-reference", "An inter frame came without the frame before it.", {
				hint: "Start at a sync sample.",
			});
		}
		return this.future;
	}

	/** What a bidirectional frame refers to. @throws CodecError `missing-reference` */
	around(): { readonly future: T; readonly past: T } {
		const { future, past } = this;
		if (future === undefined || past === undefined) throw missingNeighbour();
		return { future, past };
	}

	/** Takes note of an intra or inter frame. */
	add(reference: T): void {
		this.dropPast();
		this.past = this.future;
		this.future = reference;
	}

	/** After a bidirectional frame. */
	dropPast(): void {
		if (this.past !== undefined) this.release(this.past);
		this.past = undefined;
	}

	/** Drops all of them. */
	clear(): void {
		this.dropPast();
		if (this.future !== undefined) this.release(this.future);
		this.future = undefined;
	}
}
