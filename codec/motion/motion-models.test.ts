import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RansEncoder } from "../entropy/rans.ts";
import { emptyNeighbourhood } from "./motion-field.ts";
import { LeafCosts, MotionModels } from "./motion-models.ts";

/** An encoder that adds up what its steps cost. */
class CountingEncoder extends RansEncoder {
	bits = 0;
	override put(start: number, frequency: number): void {
		super.put(start, frequency);
		this.bits += 14 - Math.log2(frequency);
	}
}

const coordinate = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -1024, max: 1023 }));
const leaves = fc.record({
	size: fc.nat(2),
	candidates: fc.uniqueArray(
		fc.tuple(
			coordinate,
			coordinate.filter((y) => y !== 0),
		),
		{
			maxLength: 4,
			selector: ([x, y]) => `${x},${y}`,
		},
	),
	predicted: fc.tuple(coordinate, coordinate),
	pick: fc.nat(5),
	vector: fc.tuple(coordinate, coordinate),
});

describe("LeafCosts", () => {
	it("are what putting the leaf costs, whatever the models have seen", () => {
		fc.assert(
			fc.property(fc.array(leaves, { minLength: 1, maxLength: 30 }), (sequence) => {
				const models = new MotionModels();
				const costs = new LeafCosts();
				for (const { size, candidates, predicted, pick, vector } of sequence) {
					const hood = emptyNeighbourhood();
					hood.candidates = candidates.length;
					candidates.forEach(([x, y], i) => {
						hood.candidateX[i] = x;
						hood.candidateY[i] = y;
					});
					[hood.predictedX, hood.predictedY] = predicted;
					const [x, y] = candidates[pick] ?? vector;
					costs.load(models);
					const encoder = new CountingEncoder();
					const announced = costs.leaf(size, hood, x, y);
					models.putLeaf(encoder, size, hood, x, y);
					expect(announced).toBeCloseTo(encoder.bits, 3);
				}
			}),
			{ seed: 26 },
		);
	});
});
