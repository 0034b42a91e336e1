import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Picture } from "../picture/picture.ts";
import { lookAhead } from "./look-ahead.ts";

type Item = {
	readonly sample: { data: Uint8Array; timestamp: number; duration: number; sync: boolean };
	readonly base: Picture;
};

const SIDE = 20;

function item(index: number, sync: boolean): Item {
	const base = {
		...{ width: SIDE, height: SIDE, timestamp: index },
		y: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i * 37) % 251),
		u: new Uint8Array(100),
		v: new Uint8Array(100),
	};
	return { sample: { data: new Uint8Array(0), timestamp: index, duration: 1, sync }, base };
}

/** Items, and how many were taken before each of the results. */
async function run(syncs: readonly boolean[], frames: number) {
	let taken = 0;
	const source = async function* () {
		for (const [index, sync] of syncs.entries()) {
			taken++;
			yield item(index, sync);
		}
	};
	const results: { index: number; most: number | undefined; cells: number; ahead: number; followed: boolean }[] = [];
	for await (const { base, inheritance, followed } of lookAhead(source(), frames)) {
		const most = inheritance === undefined ? undefined : Math.max(...inheritance);
		const index = base.timestamp;
		results.push({ index, most, cells: inheritance?.length ?? 0, ahead: taken - 1 - index, followed });
	}
	return results;
}

describe("look-ahead", () => {
	it("keeps the order, loses nothing, and holds back no more than it may", async () => {
		const flags = fc.array(fc.boolean(), { maxLength: 20 });
		await fc.assert(
			fc.asyncProperty(flags, fc.integer({ min: 0, max: 6 }), async (syncs, frames) => {
				const results = await run(syncs, frames);
				expect(results.map(({ index }) => index)).toEqual(syncs.map((_, i) => i));
				for (const { ahead } of results) expect(ahead).toBeLessThanOrEqual(frames);
			}),
			{ seed: 5, numRuns: 50 },
		);
	});

	it("inherits from the frames ahead, up to the next sync sample and the end", async () => {
		const syncs = [true, false, false, false, true, false];
		const results = await run(syncs, 2);
		// Still pictures: one more than the frames that follow, in halvings.
		const expected = [3, 3, 2, 1, 2, 1].map((frames) => Math.log2(frames));
		results.forEach(({ most, cells }, i) => {
			expect(most).toBeCloseTo(expected[i] as number, 3);
			expect(cells).toBe(9);
		});
	});

	it("knows whether a picture of the same GOP follows", async () => {
		const syncs = [true, false, false, false, true, false];
		const followed = (await run(syncs, 2)).map((result) => result.followed);
		expect(followed).toEqual([true, true, true, false, true, false]);
	});

	it("does not call a picture followed where everything changes from one to the next", async () => {
		const noise = async function* () {
			for (let index = 0; index < 4; index++) {
				const { sample, base } = item(index, index === 0);
				const y = base.y.map((_, i) => (Math.imul(i + 1, 2654435761 + 40503 * index) >>> 11) & 255);
				yield { sample, base: index < 2 ? base : { ...base, y } };
			}
		};
		const followed: boolean[] = [];
		for await (const result of lookAhead(noise(), 2)) followed.push(result.followed);
		// The first two are alike; what comes then is like nothing before it.
		expect(followed).toEqual([true, false, false, false]);
	});

	it("passes on at once where it may not look ahead", async () => {
		expect(await run([true, false], 0)).toEqual([
			{ index: 0, most: undefined, cells: 0, ahead: 0, followed: false },
			{ index: 1, most: undefined, cells: 0, ahead: 0, followed: false },
		]);
	});
});
