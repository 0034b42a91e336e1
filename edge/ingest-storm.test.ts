import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { reprDigest } from "../protocol/digest.ts";
import { encodePart, PART_MEDIA_TYPE } from "../protocol/part.ts";
import { call, createAsset, migrate, putPart, split, storedObjects, uploadAll } from "./testing/edge-client.ts";
import { assetStub, type FaultMoment, Faults } from "./testing/faults.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";

/**
 * Everything at once: two devices send the same parts in orders of their own, some twice, some cut off in the middle, while the store
 * and the catalogue fail now and then, before or after they have done what they were asked, reads too, and the Durable Object is
 * evicted or killed between requests and during them. What is stored in the end is what an undisturbed upload stores.
 */
const tracks = clipTracks({ frames: 110 });
const parts = tracks.flatMap(({ id, samples }) => split(samples, 25).map((part, number) => ({ id, number, part })));
const counts = tracks.map(({ id, samples }) => ({ id, parts: split(samples, 25).length }));

/** One disturbance after the other, from a list that repeats. */
type Disturbance = "none" | "evict" | "kill" | "kill-during" | "cut-off" | "twice" | "late";
type Storm = {
	readonly order: readonly number[];
	readonly other: readonly number[];
	readonly disturbances: readonly Disturbance[];
	readonly faults: readonly (FaultMoment | undefined)[];
	/** Of a body that is cut off so much has come. */
	readonly share: number;
	readonly live: boolean;
};

const permutation = fc.shuffledSubarray(
	parts.map((_, index) => index),
	{ minLength: parts.length },
);
const storms: fc.Arbitrary<Storm> = fc.record({
	order: permutation,
	other: permutation,
	disturbances: fc.array(
		fc.constantFrom<Disturbance>("none", "evict", "kill", "kill-during", "cut-off", "twice", "late"),
		{ minLength: 5, maxLength: 12 },
	),
	faults: fc.array(fc.constantFrom<FaultMoment | undefined>(undefined, undefined, undefined, "before", "after"), {
		minLength: 3,
		maxLength: 17,
	}),
	share: fc.double({ min: 0, max: 0.999, noNaN: true }),
	live: fc.boolean(),
});

/** A request as it arrives whose sender goes away in the middle of its body. */
const cutOff = async (asset: string, { id, number, part }: (typeof parts)[number], share: number): Promise<void> => {
	const bytes = encodePart(part);
	const body = new ReadableStream<Uint8Array>({
		pull(controller) {
			const arrived = bytes.slice(0, Math.floor(bytes.length * share));
			if (arrived.length > 0) controller.enqueue(arrived);
			controller.error(new Error("Injected: the connection was lost."));
		},
	});
	const headers = { "Content-Type": PART_MEDIA_TYPE, "Repr-Digest": await reprDigest(bytes) };
	const path = `/v1/assets/${asset}/tracks/${id}/parts/${number}`;
	const response = await call(path, { method: "PUT", body, headers }).catch(() => undefined);
	expect(response?.status ?? 499).toBeGreaterThanOrEqual(400);
};

/** Sends a part until it is in, as a client does that knows the protocol. */
const sendUntilIn = async (
	asset: string,
	{ id, number, part }: (typeof parts)[number],
	before: () => Promise<void>,
) => {
	for (let attempt = 0; attempt < 20; attempt++) {
		await before();
		const response = await putPart(asset, id, number, part).catch(() => undefined);
		if (response?.status === 200 || response?.status === 201) return;
	}
	throw new Error(`Part ${number} of ${id} never got in.`);
};

const ride = async ({ order, other, disturbances, faults, share, live }: Storm): Promise<Record<string, string>> => {
	const { id } = await createAsset(createRequest(tracks, live ? { partialMilliseconds: 400 } : {}));
	const weather = new Faults((operation) => faults[operation % faults.length], { reads: true });
	let turn = 0;
	const disturb = async (): Promise<void> => {
		switch (disturbances[turn++ % disturbances.length]) {
			case "evict":
				await evictDurableObject(assetStub(id)).catch(() => undefined);
				break;
			case "kill":
				await abortAllDurableObjects();
				break;
			default:
		}
		// The other device may kill the Durable Object at this very moment.
		for (let left = 10; left > 0 && (await weather.install(id).catch(() => "killed")) === "killed"; left--);
	};
	const device = async (sequence: readonly number[], offset: number): Promise<void> => {
		for (const [step, index] of sequence.entries()) {
			const part = parts[index];
			if (part === undefined) continue;
			const what = disturbances[(step + offset) % disturbances.length];
			if (what === "cut-off") await cutOff(id, part, share);
			if (what === "kill-during") {
				const killed = putPart(id, part.id, part.number, part.part).catch(() => undefined);
				await abortAllDurableObjects();
				await killed;
			}
			if (what === "twice") await putPart(id, part.id, part.number, part.part).catch(() => undefined);
			await sendUntilIn(id, part, disturb);
		}
	};
	await Promise.all([device(order, 0), device(other, 3)]);
	for (let attempt = 0; attempt < 60; attempt++) {
		await disturb();
		const response = await call(`/v1/assets/${id}/complete`, { method: "POST", json: { tracks: counts } }).catch(
			() => undefined,
		);
		if (response?.status === 200) return storedObjects(id);
	}
	throw new Error("The asset never became complete.");
};

describe("an upload in a storm", () => {
	let calm: Record<string, string>;
	let calmLive: Record<string, string>;

	beforeAll(async () => {
		await migrate();
		calm = await storedObjects(await uploadAll(tracks));
		calmLive = await storedObjects(await uploadAll(tracks, 40, undefined, { partialMilliseconds: 400 }));
	});

	it("stores the bytes of an undisturbed one", async () => {
		expect(calm).not.toEqual(calmLive);
		await fc.assert(
			fc.asyncProperty(storms, async (storm) => {
				expect(await ride(storm)).toEqual(storm.live ? calmLive : calm);
			}),
			{ numRuns: 3, seed: 11, endOnFailure: true },
		);
	}, 600_000);
});
