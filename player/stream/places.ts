import type { BaseSegmentPlace } from "./base-feed.ts";

/**
 * Segments of a playlist by place and by number. A playlist of many hours is asked about several times for each frame shown: both orders
 * are ascending, so nothing is walked through.
 */

/** The segment of this number; undefined: there is none. */
export function ofSequence<Segment extends { readonly sequence: number }>(
	segments: readonly Segment[],
	sequence: number,
): Segment | undefined {
	const found = segments[firstWhere(segments, (segment) => segment.sequence >= sequence)];
	return found?.sequence === sequence ? found : undefined;
}

/** The segment that holds this moment, in seconds; undefined: none does. */
export function placeAt(places: readonly BaseSegmentPlace[], position: number): BaseSegmentPlace | undefined {
	const found = places[firstEnding(places, position)];
	return found && found.start <= position ? found : undefined;
}

/** The segments that have something between two moments, in seconds. */
export function placesBetween(
	places: readonly BaseSegmentPlace[],
	from: number,
	to: number,
): readonly BaseSegmentPlace[] {
	return places.slice(
		firstEnding(places, from),
		firstWhere(places, ({ start }) => start > to),
	);
}

/** Index of the first that ends after this moment. */
function firstEnding(places: readonly BaseSegmentPlace[], position: number): number {
	return firstWhere(places, ({ start, duration }) => start + duration > position);
}

/** Index of the first for which something is true that stays true for all that follow; the length where there is none. */
function firstWhere<Item>(items: readonly Item[], isTrue: (item: Item) => boolean): number {
	let low = 0;
	let high = items.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		const item = items[middle];
		if (item !== undefined && isTrue(item)) high = middle;
		else low = middle + 1;
	}
	return low;
}
