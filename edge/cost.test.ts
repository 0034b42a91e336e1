import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, it } from "vitest";
import type { Sample } from "../codec/sample.ts";
import type { AssetObject } from "./asset/asset-object.ts";
import { call, createAsset, migrate, putPart } from "./testing/edge-client.ts";
import { assetStub, Faults } from "./testing/faults.ts";
import { type ClipTrack, clipTracks, createRequest } from "./testing/fixture-media.ts";
import { writePast } from "./testing/write-past.ts";

/**
 * What a minute of video costs in operations that are paid for: docs/deploy.md multiplies these numbers with the platform's prices. A
 * change that makes it dearer fails here.
 */
const SECONDS = 60;

beforeAll(migrate);

/** Rows that an asset's Durable Object writes and reads, index entries and deletions among them: all are billed. */
const countRows = async (id: string): Promise<() => { written: number; read: number }> => {
	const cursors: { readonly rowsWritten: number; readonly rowsRead: number }[] = [];
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
	return () => ({
		written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
		read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
	});
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
	return { parts, writes: faults.writes, rows: rows().written, read: rows().read };
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
	expect(short.read).toBeLessThanOrEqual(1_750);
	// All of it was counted.
	expect(short.rows).toBeGreaterThan(5 * short.parts);
});

it("does not grow with the hours: no row is read again that lies behind", async () => {
	const [segments, seconds] = [18_000, 16];
	const later = (samples: readonly Sample[]): Sample[] =>
		samples.map((sample) => ({ ...sample, timestamp: sample.timestamp + segments * 2_000_000 }));
	const tracks = clipTracks({ frames: seconds * 25 }).map((track) => ({ ...track, samples: later(track.samples) }));
	const { id } = await createAsset(createRequest(tracks));
	await runInDurableObject(assetStub(id), (_: AssetObject, { storage }) => {
		const past = tracks.map((track) => ({ id: track.id, segmentBytes: 100_000, segmentSamples: 50 }));
		writePast(storage.sql, { segments, duration: 2_000_000, tracks: past });
	});
	await evictDurableObject(assetStub(id));
	const rows = await countRows(id);
	for (let second = 0; second < seconds; second++) {
		const within = ({ timestamp }: Sample) => Math.floor(timestamp / 1e6) === 2 * segments + second;
		for (const { id: track, samples } of tracks)
			expect((await putPart(id, track, segments + second, samples.filter(within))).status).toBe(201);
	}
	// Some ten for each part; a pass over what lies behind would be 18,000 for each segment.
	expect(rows().read).toBeLessThan(2_000);
	expect(rows().read).toBeGreaterThan(3 * seconds);
});
