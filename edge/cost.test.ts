import { runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, it } from "vitest";
import type { AssetObject } from "./asset/asset-object.ts";
import { call, createAsset, migrate, putPart } from "./testing/edge-client.ts";
import { assetStub, Faults } from "./testing/faults.ts";
import { type ClipTrack, clipTracks, createRequest } from "./testing/fixture-media.ts";

/**
 * What a minute of video costs in operations that are paid for: docs/deploy.md multiplies these numbers with the platform's prices. A
 * change that makes it dearer fails here.
 */
const SECONDS = 60;

beforeAll(migrate);

/** Counts the rows that an asset's Durable Object writes, index entries and deletions among them: all are billed. */
const countRows = async (id: string): Promise<() => number> => {
	const cursors: { readonly rowsWritten: number }[] = [];
	await runInDurableObject(assetStub(id), (_: AssetObject, { storage }) => {
		const { sql } = storage;
		const counting = new Proxy(sql, {
			get: (target, name) => {
				if (name !== "exec") return Reflect.get(target, name) as unknown;
				return (query: string, ...bindings: unknown[]) => {
					const cursor = target.exec(query, ...bindings);
					cursors.push(cursor);
					return cursor;
				};
			},
		});
		Object.defineProperty(storage, "sql", { value: counting });
	});
	return () => cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
};

/** Uploads parts of so many seconds, all tracks side by side as an encoder does; answers what it took. */
const upload = async (tracks: readonly ClipTrack[], partSeconds: number) => {
	const { id } = await createAsset(createRequest(tracks));
	const faults = new Faults();
	await faults.install(id);
	const rows = await countRows(id);
	const counts = new Map(tracks.map((track) => [track.id, 0]));
	let parts = 0;
	for (let from = 0; from < SECONDS; from += partSeconds) {
		for (const { id: track, samples } of tracks) {
			const [start, end] = [from * 1e6, (from + partSeconds) * 1e6];
			const part = samples.filter(({ timestamp }) => timestamp >= start && timestamp < end);
			const number = counts.get(track) ?? 0;
			expect((await putPart(id, track, number, part)).status).toBe(201);
			counts.set(track, number + 1);
			parts += 1;
		}
	}
	const json = { tracks: [...counts].map(([track, number]) => ({ id: track, parts: number })) };
	expect((await call(`/v1/assets/${id}/complete`, { method: "POST", json })).status).toBe(200);
	// Segments and init segments, the frozen state; the catalogue's row at the end.
	return { parts, writes: faults.writes, rows: rows() };
};

it("of a minute of a base, an enhancement and audio stays what the documentation multiplies", async () => {
	const tracks = clipTracks({ frames: SECONDS * 25 });
	const short = await upload(tracks, 1);
	const long = await upload(tracks, 4);
	expect([short.parts, long.parts]).toEqual([180, 45]);
	// The store's and the catalogue's: 90 segments, the frozen state, the catalogue's row.
	expect(short.writes).toBeLessThanOrEqual(94);
	expect(long.writes).toBeLessThanOrEqual(94);
	expect(short.rows).toBeLessThanOrEqual(1_100);
	expect(long.rows).toBeLessThanOrEqual(420);
	// All of it was counted.
	expect(short.rows).toBeGreaterThan(5 * short.parts);
});
