import { describe, expect, it } from "vitest";
import { codingUnits } from "./coding-units.ts";

const unitsOf = async (frames: string): Promise<string[]> => {
	const units: string[] = [];
	for await (const unit of codingUnits(frames.split(" "), (frame) => frame.startsWith("B")))
		units.push(unit.join(" "));
	return units;
};

describe("coding units", () => {
	it("put a bidirectional frame behind the one that follows it in time", async () => {
		expect(await unitsOf("I0 B1 P2 P3 B4 P5 I6")).toEqual(["I0", "P2 B1", "P3", "P5 B4", "I6"]);
	});

	it("leave one alone that nothing follows, or only another of its kind", async () => {
		expect(await unitsOf("I0 B1")).toEqual(["I0", "B1"]);
		expect(await unitsOf("I0 B1 B2 P3")).toEqual(["I0", "B1", "P3 B2"]);
	});

	it("hold no more than one frame", async () => {
		let taken = 0;
		async function* endless() {
			for (;;) yield taken++;
		}
		const units = codingUnits(endless(), (frame) => frame % 2 === 1);
		expect((await units.next()).value).toEqual([0]);
		expect(taken).toBe(1);
		expect((await units.next()).value).toEqual([2, 1]);
		expect(taken).toBe(3);
		await units.return();
	});
});
