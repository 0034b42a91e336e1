import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { encodePart, MAX_PART_BYTES, PART_MEDIA_TYPE } from "../protocol/part.ts";
import { reprDigest } from "../protocol/digest.ts";
import { call, createAsset, migrate, putPart, split, storedObjects, uploadAll } from "./testing/edge-client.ts";
import { assetStub, Faults } from "./testing/faults.ts";
import { type ClipTrack, clipTracks, createRequest } from "./testing/fixture-media.ts";

/** Parts of 40 samples, track by track. */
const arrivalsOf = (of: readonly ClipTrack[]) =>
	of.flatMap(({ id, samples }) => split(samples, 40).map((part, number) => ({ id, number, part })));

const tracks = clipTracks({ frames: 150 });
const arrivals = arrivalsOf(tracks);
const base = split(tracks[0]?.samples ?? [], 40);
let undisturbed: Record<string, string>;

const complete = (assetId: string, of = tracks) => {
	const counts = of.map(({ id, samples }) => ({ id, parts: split(samples, 40).length }));
	return call(`/v1/assets/${assetId}/complete`, { method: "POST", json: { tracks: counts } });
};

beforeAll(async () => {
	await migrate();
	undisturbed = await storedObjects(await uploadAll(tracks));
});

describe("parts", () => {
	it("become an init segment and three media segments of each track, and a frozen state", () => {
		expect(Object.keys(undisturbed)).toHaveLength(1 + 3 + 3 * 3);
	});

	it("may come in any order and at once", async () => {
		const { id } = await createAsset(createRequest(tracks));
		const responses = await Promise.all(
			arrivals.toReversed().map(({ id: track, number, part }) => putPart(id, track, number, part)),
		);
		expect(responses.map(({ status }) => status)).toEqual(arrivals.map(() => 201));
		expect((await complete(id)).status).toBe(200);
		expect(await storedObjects(id)).toEqual(undisturbed);
	});

	it("of megabytes become the segments that small ones become", async () => {
		const large = clipTracks({ frames: 60, size: 30_000 }).filter(({ id }) => id !== "audio");
		const [few, many] = [await uploadAll(large, 30), await uploadAll(large, 7)];
		expect(Object.keys(await storedObjects(few))).toHaveLength(1 + 2 + 2 * 2);
		expect(await storedObjects(few)).toEqual(await storedObjects(many));
	});

	it("may come twice, also at once, also after completion", async () => {
		const { id } = await createAsset(createRequest(tracks));
		for (const { id: track, number, part } of arrivals) {
			const responses = await Promise.all([putPart(id, track, number, part), putPart(id, track, number, part)]);
			expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 201]);
		}
		expect((await complete(id)).status).toBe(200);
		expect((await putPart(id, "base", 0, base[0] ?? [])).status).toBe(200);
		expect((await complete(id)).status).toBe(200);
		expect(await storedObjects(id)).toEqual(undisturbed);
	});

	it("are refused with other bytes, and after completion", async () => {
		const { id } = await createAsset(createRequest(tracks));
		await putPart(id, "base", 0, base[0] ?? []);
		const other = await putPart(
			id,
			"base",
			0,
			base[0]?.slice(1, 2).map((sample) => ({ ...sample, sync: false })) ?? [],
		);
		expect(other.status).toBe(409);
		expect(await other.json()).toMatchObject({ error: { code: "part-conflict" }, track: { next: 1 } });
		const whole = await uploadAll(tracks);
		const late = await putPart(whole, "base", 99, base[0] ?? []);
		expect(late.status).toBe(409);
		expect(await late.json()).toMatchObject({ error: { code: "asset-complete" } });
	});

	it("are all asked for before completion", async () => {
		const { id } = await createAsset(createRequest(tracks));
		for (const { id: track, number, part } of arrivals.filter(({ number }) => number !== 1)) {
			await putPart(id, track, number, part);
		}
		const early = await complete(id);
		expect(early.status).toBe(409);
		expect(await early.json()).toMatchObject({
			error: { code: "parts-missing" },
			missing: [
				{ id: "base", parts: [1] },
				{ id: "e40", parts: [1] },
				{ id: "audio", parts: [1] },
			],
		});
		const progress = await (await call(`/v1/assets/${id}`)).json();
		expect(progress).toMatchObject({ state: "uploading", tracks: [{ next: 1, missing: [1] }, {}, {}] });
		for (const { id: track, number, part } of arrivals.filter(({ number }) => number === 1)) {
			await putPart(id, track, number, part);
		}
		expect(await (await complete(id)).json()).toMatchObject({ state: "complete" });
		expect(await storedObjects(id)).toEqual(undisturbed);
	});

	it("play before completion", async () => {
		const { id } = await createAsset(createRequest(tracks));
		expect((await call(`/v1/assets/${id}/master.m3u8`, { token: "" })).status).toBe(404);
		for (const { id: track, number, part } of arrivals.filter(({ number }) => number < 2)) {
			await putPart(id, track, number, part);
		}
		for (const { id: track, number, part } of arrivals.filter(({ id: track }) => track === "audio").slice(2)) {
			await putPart(id, track, number, part);
		}
		const playlist = await call(`/v1/assets/${id}/tracks/base/playlist.m3u8`, { token: "" });
		const text = new TextDecoder().decode(await playlist.arrayBuffer());
		expect(text).toContain("#EXT-X-PLAYLIST-TYPE:EVENT");
		expect(text).toContain("segments/0.m4s");
		expect(text).not.toContain("#EXT-X-ENDLIST");
		expect(playlist.headers.get("Cache-Control")).toBe("no-store");
		expect((await call(`/v1/assets/${id}/master.m3u8`, { token: "" })).status).toBe(200);
		expect((await call(`/v1/assets/${id}/tracks/base/segments/0.m4s`, { token: "" })).status).toBe(200);
	});
});

describe("damaged parts", () => {
	let id: string;
	const part = encodePart(base[0] ?? []);
	const send = async (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = "base/parts/0") =>
		call(`/v1/assets/${id}/tracks/${path}`, {
			method: "PUT",
			body,
			headers: { "Content-Type": PART_MEDIA_TYPE, "Repr-Digest": await reprDigest(body), ...headers },
		});
	const codeOf = async (response: Response) => [
		response.status,
		(await response.json<{ error: { code: string } }>()).error.code,
	];

	beforeAll(async () => {
		({ id } = await createAsset(createRequest(tracks)));
	});

	it.each([
		["no digest", { "Repr-Digest": "" }, [400, "digest-required"]],
		["a digest of another kind", { "Repr-Digest": "md5=:AAAA:" }, [400, "digest-required"]],
		["another digest", { "Repr-Digest": `sha-256=:${"A".repeat(43)}=:` }, [400, "digest-mismatch"]],
		["another type", { "Content-Type": "text/plain" }, [415, "unsupported-media-type"]],
	])("are refused with %s", async (_, headers, expected) => {
		expect(await codeOf(await send(part, headers))).toEqual(expected);
	});

	it("are refused where they are too large, however they are sent", async () => {
		const large = new Uint8Array(MAX_PART_BYTES + 1);
		expect(await codeOf(await send(large))).toEqual([413, "too-large"]);
		const stream = new Response(large).body;
		const response = await call(`/v1/assets/${id}/tracks/base/parts/0`, {
			method: "PUT",
			body: stream,
			headers: { "Content-Type": PART_MEDIA_TYPE, "Repr-Digest": await reprDigest(large) },
		});
		expect(await codeOf(response)).toEqual([413, "too-large"]);
	});

	it.each(["base/parts/-1", "base/parts/1.5", "base/parts/01", "base/parts/1000000", "base/parts/1e3"])(
		"are refused at %s",
		async (path) => {
			expect(await codeOf(await send(part, {}, path))).toEqual([400, "invalid-request"]);
		},
	);

	it("are refused for tracks that are not there", async () => {
		expect(await codeOf(await send(part, {}, "e41/parts/0"))).toEqual([404, "not-found"]);
		expect(await codeOf(await send(part, {}, "..%2Fbase/parts/0"))).toEqual([404, "not-found"]);
	});

	it("never get in, wherever they are cut or bent", async () => {
		// Cut between two samples, a part is a shorter part: only the digest could tell.
		const ends = new Set<number>();
		for (let end = 4; end <= part.length;) {
			ends.add(end);
			end += 17 + new DataView(part.buffer).getUint32(Math.min(end + 1, part.length - 4));
		}
		const places = fc.nat(part.length - 2).filter((place) => !ends.has(place) || place === 4);
		await fc.assert(
			fc.asyncProperty(places, fc.nat(19), fc.integer({ min: 1, max: 255 }), async (place, field, bits) => {
				({ id } = await createAsset(createRequest(tracks)));
				expect((await send(part.slice(0, place))).status).toBe(400);
				// Magic, flags, size, time, duration of the first sample: all but another possible time is refused.
				const bent = part.slice();
				bent[field] = (bent[field] ?? 0) ^ bits;
				expect([201, 400, 413]).toContain((await send(bent)).status);
			}),
			{ numRuns: 40, seed: 5 },
		);
	});

	it("are refused out of place in time", async () => {
		const fresh = await createAsset(createRequest(tracks));
		expect((await putPart(fresh.id, "base", 1, base[1] ?? [])).status).toBe(201);
		expect(
			await codeOf(await putPart(fresh.id, "base", 0, [...(base[0] ?? []), ...(base[1] ?? []).slice(0, 1)])),
		).toEqual([400, "invalid-part"]);
		expect(await codeOf(await putPart(fresh.id, "base", 2, base[1] ?? []))).toEqual([400, "invalid-part"]);
	});

	it("are refused whose samples are not what they claim", async () => {
		const fresh = await createAsset(createRequest(tracks));
		const first = (trackId: string) => tracks.find((track) => track.id === trackId)?.samples.slice(0, 1) ?? [];
		const bend = (trackId: string, over: object) => first(trackId).map((sample) => ({ ...sample, ...over }));
		for (const [trackId, over] of [
			["base", { sync: false }],
			["base", { data: new Uint8Array([0, 0, 0, 9, 0x65]) }],
			["base", { data: new Uint8Array([0, 0]) }],
			["e40", { sync: false }],
			["e40", { data: new Uint8Array([0x10, 40]) }],
			["e40", { data: new Uint8Array([0x20, 40, 0, 0, 0]) }],
			["audio", { sync: false }],
		] as const) {
			expect(await codeOf(await putPart(fresh.id, trackId, 0, bend(trackId, over)))).toEqual([
				400,
				"invalid-part",
			]);
		}
		// The first part of a track begins with a sync sample; others need not.
		expect((await putPart(fresh.id, "base", 1, base[1] ?? [])).status).toBe(201);
		expect(await codeOf(await putPart(fresh.id, "base", 0, (base[0] ?? []).slice(1)))).toEqual([
			400,
			"invalid-part",
		]);
	});
});

describe("when something dies in the middle", () => {
	/** Sends everything until it is in, as a patient client does; `disturb` comes before every request. */
	const uploadThrough = async (id: string, disturb: () => Promise<void>, of = tracks) => {
		for (const { id: track, number, part } of arrivalsOf(of)) {
			await disturb();
			const { status } = await putPart(id, track, number, part);
			expect([200, 201]).toContain(status);
		}
		for (let attempt = 0; attempt < 40; attempt++) {
			await disturb();
			const response = await complete(id, of);
			if (response.status === 200) return;
			expect(response.status).toBe(503);
			expect(response.headers.get("Retry-After")).not.toBeNull();
		}
		throw new Error("The asset never became complete.");
	};

	it("the Durable Object evicted before every request: same bytes", async () => {
		const { id } = await createAsset(createRequest(tracks));
		await uploadThrough(id, () => evictDurableObject(assetStub(id)));
		expect(await storedObjects(id)).toEqual(undisturbed);
	});

	it("the Durable Object killed while it works: same bytes", async () => {
		const { id } = await createAsset(createRequest(tracks));
		for (const { id: track, number, part } of arrivals) {
			const killed = putPart(id, track, number, part).catch(() => undefined);
			await abortAllDurableObjects();
			await killed;
		}
		await uploadThrough(id, async () => undefined);
		expect(await storedObjects(id)).toEqual(undisturbed);
	});

	it("any one write to the store or the catalogue failing, done or not, with eviction: same bytes", async () => {
		// Two segments have every kind of step.
		const short = clipTracks({ frames: 60 });
		const expected = await storedObjects(await uploadAll(short));
		const counted = new Faults();
		const probe = await createAsset(createRequest(short));
		await uploadThrough(probe.id, () => counted.install(probe.id), short);
		expect(counted.writes).toBeGreaterThan(7);
		for (let target = 0; target < counted.writes; target++) {
			for (const moment of ["before", "after"] as const) {
				const { id } = await createAsset(createRequest(short));
				const faults = new Faults((write) => (write === target ? moment : undefined));
				const disturb = async () => {
					if (faults.writes > target) await evictDurableObject(assetStub(id));
					await faults.install(id);
				};
				await uploadThrough(id, disturb, short);
				expect(await storedObjects(id), `write ${target}, ${moment}`).toEqual(expected);
			}
		}
	}, 240_000);

	it("every third write failing for as long as it lasts: same bytes", async () => {
		const { id } = await createAsset(createRequest(tracks));
		const faults = new Faults((write) => (["before", "after", undefined] as const)[write % 3]);
		await uploadThrough(id, () => faults.install(id));
		expect(await storedObjects(id)).toEqual(undisturbed);
	});

	it("the store failing and nobody asking again: the alarm goes on", async () => {
		const { id } = await createAsset(createRequest(tracks));
		const faults = new Faults(() => "before");
		for (const { id: track, number, part } of arrivals) {
			await faults.install(id);
			expect((await putPart(id, track, number, part)).status).toBe(201);
		}
		expect(Object.keys(await storedObjects(id)).filter((key) => key.endsWith(".m4s"))).toEqual([]);
		await evictDurableObject(assetStub(id));
		expect(await runDurableObjectAlarm(assetStub(id))).toBe(true);
		expect(Object.keys(await storedObjects(id)).filter((key) => key.startsWith("base/"))).toHaveLength(3);
	});
});
