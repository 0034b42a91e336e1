import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { CreateTokenResponse } from "../protocol/asset.ts";
import { call, createAsset, migrate, putPart, split, uploadAll } from "./testing/edge-client.ts";
import { assetStub, failAfterDeletion, Faults } from "./testing/faults.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";
import { AssetObject } from "./worker.ts";

const tracks = clipTracks({ frames: 150 });
const base = split(tracks[0]?.samples ?? [], 40);
const arrivals = tracks.flatMap(({ id, samples }) => split(samples, 40).map((part, number) => ({ id, number, part })));

beforeAll(migrate);

describe("the end of an asset", () => {
	const rows = async () =>
		(await env.CATALOGUE.prepare("SELECT id FROM assets").run<{ id: string }>()).results.map(({ id }) => id);

	/** Nothing of the asset is left in the store, the catalogue, on its disk, or for a viewer. */
	const expectGone = async (id: string) => {
		expect((await call(`/v1/assets/${id}`)).status).toBe(404);
		expect(await rows()).not.toContain(id);
		expect((await env.MEDIA.list({ prefix: `assets/${id}/` })).objects).toEqual([]);
		expect((await call(`/v1/assets/${id}/master.m3u8`, { token: "" })).status).toBe(404);
		expect((await putPart(id, "base", 0, base[0] ?? [])).status).toBe(404);
		await runInDurableObject(assetStub(id), async (_, { storage }) => {
			// All that stays is the fact that this id is used up.
			expect([...(await storage.list()).keys()]).toEqual(["deleted-id", "deleted-until"]);
			expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'part'").toArray()).toEqual([]);
		});
	};

	it("deletion leaves nothing, also half-way through an upload", async () => {
		const whole = await uploadAll(tracks);
		const half = await createAsset(createRequest(tracks));
		for (const { id: track, number, part } of arrivals.slice(0, 6)) await putPart(half.id, track, number, part);
		for (const id of [whole, half.id]) {
			expect(await rows()).toContain(id);
			expect((await call(`/v1/assets/${id}`, { method: "DELETE" })).status).toBe(204);
			await expectGone(id);
		}
	});

	// The webhooks' list, the store's objects and their deletion, the catalogue's rows: all that a deletion asks of others.
	const asked = ["run", "list", "delete", "batch"].flatMap((name) => [
		[name, "before"] as const,
		[name, "after"] as const,
	]);

	it.each(asked)("deletion leaves nothing where %s fails, %s it is done", async (name, moment) => {
		const id = await uploadAll(clipTracks({ frames: 60 }));
		let failed = 0;
		const faults = new Faults((_, called) => (called === name && failed++ === 0 ? moment : undefined), {
			reads: true,
		});
		await faults.install(id);
		expect((await call(`/v1/assets/${id}`, { method: "DELETE" })).status).toBe(503);
		expect((await call(`/v1/assets/${id}`)).status).toBe(404);
		// The alarm of the attempt that failed is due in a second: it may have removed the asset by itself.
		expect([204, 404]).toContain((await call(`/v1/assets/${id}`, { method: "DELETE" })).status);
		expect(failed).toBeGreaterThan(0);
		await expectGone(id);
	});

	it("what comes to the store after its deletion is removed as well", async () => {
		const id = await uploadAll(clipTracks({ frames: 60 }));
		expect((await call(`/v1/assets/${id}`, { method: "DELETE" })).status).toBe(204);
		await env.MEDIA.put(`assets/${id}/base/9.m4s`, "written by an object that was killed meanwhile");
		await evictDurableObject(assetStub(id));
		expect(await runDurableObjectAlarm(assetStub(id))).toBe(true);
		await expectGone(id);
		await runInDurableObject(assetStub(id), async (_, { storage }) => {
			// Browsers may keep what stood under its addresses for a year.
			expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + 365 * 86_400_000);
		});
	});

	it("an asset to which nothing comes for long is removed, one that grows is not", async () => {
		const { id } = await createAsset(createRequest(tracks));
		await putPart(id, "base", 0, base[0] ?? []);
		await runDurableObjectAlarm(assetStub(id));
		expect((await call(`/v1/assets/${id}`)).status).toBe(200);
		await runInDurableObject(assetStub(id), async (_, state) => {
			expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
			state.storage.sql.exec("UPDATE part SET received_at = received_at - 25 * 3600 * 1000");
		});
		await runDurableObjectAlarm(assetStub(id));
		expect((await call(`/v1/assets/${id}`)).status).toBe(404);
		expect((await env.MEDIA.list({ prefix: `assets/${id}/` })).objects).toEqual([]);
		expect(await rows()).not.toContain(id);
	});

	it("an upload that can never be completed is removed as well", async () => {
		// Two pictures, each shorter than a segment may be; only at completion it is known that they are one segment.
		const still = tracks.slice(0, 1);
		const { id } = await createAsset(createRequest(still));
		const [first, second] = base[0] ?? [];
		if (first === undefined || second === undefined) throw new Error("The fixture has pictures.");
		const pictures = [
			{ ...first, duration: 20_000_000 },
			{ ...second, timestamp: 20_000_000, duration: 25_000_000 },
		];
		expect((await putPart(id, "base", 0, pictures)).status).toBe(201);
		const counts = { tracks: [{ id: "base", parts: 1 }] };
		expect((await call(`/v1/assets/${id}/complete`, { method: "POST", json: counts })).status).toBe(422);
		await runDurableObjectAlarm(assetStub(id));
		expect(await (await call(`/v1/assets/${id}`)).json()).toMatchObject({
			tracks: [{ failure: "segment-too-large" }],
		});
		await runInDurableObject(assetStub(id), async (_, state) => {
			expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
			state.storage.sql.exec("UPDATE part SET received_at = received_at - 25 * 3600 * 1000");
		});
		await runDurableObjectAlarm(assetStub(id));
		expect((await call(`/v1/assets/${id}`)).status).toBe(404);
		expect((await env.MEDIA.list({ prefix: `assets/${id}/` })).objects).toEqual([]);
		expect(await rows()).not.toContain(id);
	});

	it("an id is used up even where the object is killed in the middle of its removal", async () => {
		const { token } = await (
			await call("/v1/upload-tokens", { method: "POST", json: {} })
		).json<CreateTokenResponse>();
		const { id } = await createAsset(createRequest(tracks), token);
		await failAfterDeletion(id);
		expect((await call(`/v1/assets/${id}`, { method: "DELETE" })).status).toBe(503);
		await evictDurableObject(assetStub(id));
		// The alarm of the attempt that failed may come at any time now.
		await runDurableObjectAlarm(assetStub(id));
		const again = await call("/v1/assets", { method: "POST", token, json: createRequest(tracks) });
		expect(again.status).toBe(403);
		await runInDurableObject(assetStub(id), async (_, { storage }) => {
			expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + 365 * 86_400_000);
			await storage.put("deleted-until", Date.now() - 1);
		});
		await runDurableObjectAlarm(assetStub(id));
		await runInDurableObject(assetStub(id), async (_, { storage }) => {
			expect((await storage.list()).size).toBe(0);
		});
	});

	it("a complete asset is played without its Durable Object", async () => {
		const id = await uploadAll(tracks);
		const asked = (["index", "playlist"] as const).map((name) => vi.spyOn(AssetObject.prototype, name));
		try {
			for (const file of ["master.m3u8", "enhancements.json", "tracks/e40/playlist.m3u8"]) {
				const response = await call(`/v1/assets/${id}/${file}`, { token: "" });
				expect([file, response.status, (await response.bytes()).length > 0]).toEqual([file, 200, true]);
			}
			for (const calls of asked) expect(calls).not.toHaveBeenCalled();
		} finally {
			for (const calls of asked) calls.mockRestore();
		}
	});
});
