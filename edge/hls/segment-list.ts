import type { PlaybackPartial, PlaybackSegment } from "./playback-segment.ts";

/** Segments of a track in order, as playlists read them; an array is one too. */
export type SegmentList<Segment = PlaybackSegment> = Iterable<Segment> & {
	readonly length: number;
	/** Microseconds of the longest, where that is known without looking at all of them. */
	readonly longest?: number;
	/** Counted from the end where negative; undefined where there are not so many. */
	at(index: number): Segment | undefined;
};

/** Numbers of a segment: duration in microseconds, bytes, samples. Each fits 32 bits: the limits of a segment see to it. */
const COLUMNS = 3;

/**
 * Segments as numbers in a row, 12 bytes each, and the pieces of the latest: twelve hours of segments of 2 s are 260 kB a track, where
 * an object for each would be 2 MB. The objects that it gives out are made when they are asked for.
 */
export class SegmentTable<Partial extends PlaybackPartial> implements SegmentList<TableSegment<Partial>> {
	#numbers: Uint32Array;
	#length = 0;
	#longest = 0;
	readonly #partials = new Map<number, readonly Partial[]>();

	/** `room`: for how many segments there is room at once. */
	constructor(room = 64) {
		this.#numbers = new Uint32Array(COLUMNS * room);
	}

	get length(): number {
		return this.#length;
	}

	get longest(): number {
		return this.#longest;
	}

	at(index: number): TableSegment<Partial> | undefined {
		const number = index < 0 ? this.#length + index : index;
		if (number < 0 || number >= this.#length) return undefined;
		const [offset, numbers] = [number * COLUMNS, this.#numbers];
		const duration = numbers[offset] ?? 0;
		const bytes = numbers[offset + 1] ?? 0;
		const samples = numbers[offset + 2] ?? 0;
		const partials = this.#partials.get(number);
		return partials === undefined ? { duration, bytes, samples } : { duration, bytes, samples, partials };
	}

	*[Symbol.iterator](): Generator<TableSegment<Partial>, void> {
		for (let number = 0; number < this.#length; number++) yield this.at(number) as TableSegment<Partial>;
	}

	/** @throws RangeError for a number that is none of 32 bits: it would come back as another */
	push({ duration, bytes, samples, partials }: TableSegment<Partial>): void {
		const numbers = [duration, bytes, samples];
		if (numbers.some((value) => value !== value >>> 0)) throw new RangeError(`No such segment: ${numbers.join()}`);
		const end = (this.#length + 1) * COLUMNS;
		if (end > this.#numbers.length) {
			const larger = new Uint32Array(Math.ceil(end * 1.25));
			larger.set(this.#numbers);
			this.#numbers = larger;
		}
		this.#numbers.set(numbers, end - COLUMNS);
		if (partials !== undefined) this.#partials.set(this.#length, partials);
		this.#length += 1;
		this.#longest = Math.max(this.#longest, duration);
	}

	/** Gives a segment its pieces. */
	setPartials(number: number, partials: readonly Partial[]): void {
		if (number < this.#length) this.#partials.set(number, partials);
	}

	/** Forgets the pieces of all but the latest `count` segments. */
	keepPartials(count: number): void {
		for (const number of this.#partials.keys()) if (number < this.#length - count) this.#partials.delete(number);
	}
}

type TableSegment<Partial> = Omit<PlaybackSegment, "partials"> & { readonly partials?: readonly Partial[] };
