import fc from "fast-check";
import { expect, it } from "vitest";
import { ofSequence, placeAt, placesBetween } from "./places.ts";

/** Segments one after the other, now and then with a gap between them. */
const playlists = fc
	.array(fc.record({ duration: fc.double({ min: 0.1, max: 10, noNaN: true }), gap: fc.constantFrom(0, 0, 1) }))
	.map((segments) => {
		let end = 0;
		return segments.map(({ duration, gap }, i) => {
			const start = end + gap;
			end = start + duration;
			return { sequence: 7 + i, start, duration };
		});
	});

it("finds what walking through the whole playlist finds", () => {
	expect.hasAssertions();
	const moments = fc.double({ min: -5, max: 60, noNaN: true });
	fc.assert(
		fc.property(playlists, moments, moments, fc.integer({ min: 0, max: 20 }), (places, a, b, sequence) => {
			const [from, to] = [Math.min(a, b), Math.max(a, b)];
			expect(ofSequence(places, sequence)).toBe(places.find((place) => place.sequence === sequence));
			expect(placeAt(places, a)).toBe(places.find(({ start, duration }) => start <= a && a < start + duration));
			expect(placesBetween(places, from, to)).toEqual(
				places.filter(({ start, duration }) => start + duration > from && start <= to),
			);
		}),
		{ seed: 8 },
	);
});
