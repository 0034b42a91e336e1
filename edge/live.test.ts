import { evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { type LevelDetails, M3U8Parser, type PlaylistLevelType } from "hls.js";
import { beforeAll, describe, expect, it } from "vitest";
import { readMediaSegment } from "../codec/mp4/fragment-reader.ts";
import { readInitSegment } from "../codec/mp4/init-reader.ts";
import type { Sample } from "../codec/sample.ts";
import { Camera, LIVE } from "./testing/camera.ts";
import { call, createAsset, migrate, ORIGIN, putPart, split, storedObjects, uploadAll } from "./testing/edge-client.ts";
import { assetStub } from "./testing/faults.ts";
import { clipTracks, createRequest, FRAME } from "./testing/fixture-media.ts";

const tracks = clipTracks({ frames: 150 });

const urlOf = (id: string, track: string, query = "") =>
	`${ORIGIN}/v1/assets/${id}/tracks/${track}/playlist.m3u8${query}`;
const bytesOf = async (url: string): Promise<Uint8Array<ArrayBuffer>> => {
	const response = await call(url, { token: "" });
	if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
	return new Uint8Array(await response.arrayBuffer());
};
const textOf = async (url: string) => new TextDecoder().decode(await bytesOf(url));
const parse = (text: string, url: string): LevelDetails => {
	const details = M3U8Parser.parseLevelPlaylist(text, url, 0, "main" as PlaylistLevelType, 0, null);
	expect(details.playlistParsingError).toBeNull();
	return details;
};
const playlistOf = async (id: string, track: string, query = "") =>
	parse(await textOf(urlOf(id, track, query)), urlOf(id, track));

beforeAll(migrate);

describe("a low-latency playlist", () => {
	it("keeps the rules of RFC 8216bis at every moment of an upload", async () => {
		const camera = await Camera.start(tracks);
		let newest = -1;
		for (let frame = 0; frame < 150; frame += 6) {
			await camera.film(6);
			if (camera.frames < 12) continue;
			for (const { id } of tracks) {
				const details = await playlistOf(camera.id, id);
				expect(details).toMatchObject({ live: true, type: "EVENT", canBlockReload: true, partTarget: 0.4 });
				expect(details.partHoldBack).toBeGreaterThanOrEqual(3 * details.partTarget - 1e-6);
				expect(details.canSkipUntil).toBeGreaterThanOrEqual(6 * details.targetduration);
				const parts = details.partList ?? [];
				for (const [index, part] of parts.entries()) {
					expect(part.duration).toBeLessThanOrEqual(details.partTarget);
					const isLast = parts[index + 1]?.fragment !== part.fragment;
					expect(isLast ? details.partTarget : part.duration).toBeGreaterThanOrEqual(
						0.85 * details.partTarget,
					);
					expect(part.independent || part.index > 0).toBe(true);
				}
				for (const fragment of details.fragments)
					expect(fragment.duration).toBeLessThanOrEqual(details.targetduration);
				expect(details.preloadHint?.["URI"]).toMatch(/^partials\/\d+\.\d+\.m4s$/);
			}
			const base = await playlistOf(camera.id, "base");
			expect(base.lastPartSn * 100 + base.lastPartIndex).toBeGreaterThanOrEqual(newest);
			newest = base.lastPartSn * 100 + base.lastPartIndex;
			// What fills a piece is there for viewers at once.
			expect(base.partEnd).toBeGreaterThan(camera.frames * 0.04 - 0.399);
		}
		await camera.stop();
		const ended = await playlistOf(camera.id, "base");
		expect(ended).toMatchObject({ live: false, partList: null, totalduration: 6 });
	});

	it("lists pieces that have the bytes of their segment, before and after it is whole", async () => {
		const camera = await Camera.start(tracks);
		const seen = new Map<string, Uint8Array>();
		for (let frame = 0; frame < 150; frame += 7) {
			await camera.film(Math.min(7, 150 - frame));
			if (camera.frames < 14) continue;
			for (const { id } of tracks) {
				for (const part of (await playlistOf(camera.id, id)).partList ?? []) {
					const bytes = await bytesOf(part.url);
					expect(bytes).toEqual(seen.get(part.url) ?? bytes);
					seen.set(part.url, bytes);
				}
			}
			if (frame % 3 === 0) await evictDurableObject(assetStub(camera.id));
		}
		await camera.stop();
		const stored = await storedObjects(camera.id);
		const first = (name: string) => [...seen].filter(([url]) => url.includes(`/${name}/partials/1.`)).toSorted();
		for (const { id } of tracks) {
			const pieces = first(id).map(([, bytes]) => bytes.toHex());
			expect(pieces).toHaveLength(id === "audio" ? 6 : 5);
			expect(pieces.join("")).toBe(stored[`${id}/1.m4s`]);
		}
	});

	it("is whole segments of the same samples afterwards, whatever parts they came in", async () => {
		const one = await storedObjects(await uploadAll(tracks, 150, undefined, LIVE));
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (size) => {
				expect(await storedObjects(await uploadAll(tracks, size, undefined, LIVE))).toEqual(one);
			}),
			{ numRuns: 2, seed: 3 },
		);
		for (const { id, samples } of tracks) {
			const init = readInitSegment(Uint8Array.fromHex(one[`${id}/init.mp4`] ?? ""));
			const back = [0, 1, 2].flatMap((number) =>
				readMediaSegment(Uint8Array.fromHex(one[`${id}/${number}.m4s`] ?? ""), init.tracks).flatMap(
					(fragment) => fragment.samples,
				),
			);
			expect(back.map(({ data, timestamp, sync }) => ({ data, timestamp, sync }))).toEqual(
				samples.map(({ data, timestamp, sync }) => ({ data, timestamp, sync })),
			);
		}
	});
});

describe("a blocking request", () => {
	it("waits for the piece that it names, and no longer", async () => {
		const camera = await Camera.start(tracks, 30);
		const before = await playlistOf(camera.id, "base");
		const [msn, part] = [before.lastPartSn, before.lastPartIndex + 1];
		let answered = false;
		const waiting = playlistOf(camera.id, "base", `?_HLS_msn=${msn}&_HLS_part=${part}`).then((details) => {
			answered = true;
			return details;
		});
		await playlistOf(camera.id, "base");
		expect(answered).toBe(false);
		await camera.film(10);
		const after = await waiting;
		expect([after.lastPartSn, after.lastPartIndex]).toEqual([msn, part]);
	});

	it("waits for the end of a segment where it names no piece, and ends with the asset", async () => {
		const camera = await Camera.start(tracks, 30);
		const waiting = playlistOf(camera.id, "audio", "?_HLS_msn=0");
		const end = playlistOf(camera.id, "base", "?_HLS_msn=2&_HLS_part=0").catch(() => undefined);
		await camera.film(30);
		expect((await waiting).fragments).toHaveLength(1);
		await end;
		const last = playlistOf(camera.id, "base", "?_HLS_msn=2&_HLS_part=0");
		await camera.stop();
		expect((await last).live).toBe(false);
	});

	it("for a piece gives the bytes when they are there", async () => {
		const camera = await Camera.start(tracks, 30);
		const hint = (await playlistOf(camera.id, "base")).preloadHint?.["URI"] ?? "";
		const waiting = bytesOf(new URL(hint, urlOf(camera.id, "base")).href);
		await camera.film(11);
		expect(await waiting).toEqual(await bytesOf(new URL(hint, urlOf(camera.id, "base")).href));
	});

	it("has an entity tag where it is a piece, which never changes", async () => {
		const camera = await Camera.start(tracks, 70);
		const url = `${ORIGIN}/v1/assets/${camera.id}/tracks/base/partials/0.0.m4s`;
		const piece = await call(url, { token: "" });
		const etag = piece.headers.get("ETag") ?? "";
		expect((await piece.bytes()).length).toBeGreaterThan(0);
		expect(etag).toMatch(/^".+"$/);
		const again = await call(url, { token: "", headers: { "If-None-Match": etag } });
		expect([again.status, again.headers.get("ETag"), (await again.bytes()).length]).toEqual([304, etag, 0]);
		expect((await call(url, { token: "", headers: { "If-None-Match": '"other"' } })).status).toBe(200);
	});

	it("is refused where it asks too much, with the reason", async () => {
		const camera = await Camera.start(tracks, 60);
		for (const query of [
			"?_HLS_msn=9",
			"?_HLS_msn=x",
			"?_HLS_part=0",
			"?_HLS_msn=-1",
			"?_HLS_msn=1&_HLS_part=1e3",
		]) {
			const response = await call(urlOf(camera.id, "base", query), { token: "" });
			expect([query, response.status]).toEqual([query, 400]);
			expect(await response.json()).toMatchObject({ error: { code: "invalid-request" } });
		}
		for (const file of ["0.99.m4s", "7.0.m4s", "0.m4s", "0.00.m4s", "..%2f0.0.m4s"]) {
			const url = `${ORIGIN}/v1/assets/${camera.id}/tracks/base/partials/${file}`;
			expect([file, (await call(url, { token: "" })).status]).toEqual([file, 404]);
		}
	});

	it("is answered with what there is when nothing comes, and with 404 when the asset goes", async () => {
		const camera = await Camera.start(tracks, 60);
		const gone = call(urlOf(camera.id, "base", "?_HLS_msn=1&_HLS_part=4"), { token: "" });
		expect((await call(`/v1/assets/${camera.id}`, { method: "DELETE" })).status).toBe(204);
		expect((await gone).status).toBe(404);
	});
});

describe("an asset whose samples last longer than its pieces should", () => {
	it("declares the longest piece there is or was, before the first segment is whole too", async () => {
		const slow = (sample: Sample) => ({ ...sample, timestamp: 5 * sample.timestamp, duration: 5 * FRAME });
		const [base] = clipTracks({ frames: 160, gop: 10 }).filter(({ id }) => id === "base");
		if (base === undefined) throw new Error("The fixture has a base.");
		const samples = base.samples.map(slow);
		// Pictures of 200 ms for a while, and then twice as many.
		const fast = samples.slice(20).map((sample, index) => ({
			...sample,
			timestamp: 20 * 5 * FRAME + index * 2 * FRAME,
			duration: 2 * FRAME,
		}));
		const { id } = await createAsset(createRequest([base], { partialMilliseconds: 100 }));
		const playlist = async () => {
			const details = await playlistOf(id, "base");
			const longest = Math.max(...(details.partList ?? []).map(({ duration }) => duration));
			return { target: details.partTarget, longest, segments: details.fragments.length };
		};
		expect((await putPart(id, "base", 0, samples.slice(0, 4))).status).toBe(201);
		expect(await playlist()).toMatchObject({ target: 0.2, longest: 0.2 });
		expect((await putPart(id, "base", 1, samples.slice(4, 20))).status).toBe(201);
		expect((await playlist()).target).toBe(0.2);
		for (const [number, part] of split(fast, 10).entries())
			expect((await putPart(id, "base", 2 + number, part)).status).toBe(201);
		// Pieces of the latest segments are all that is known of pieces, and none of these lasts so long any more.
		expect(await playlist()).toMatchObject({ target: 0.2, longest: 0.08 });
		await evictDurableObject(assetStub(id));
		expect(await playlist()).toMatchObject({ target: 0.2, longest: 0.08 });
	});
});

describe("a delta update", () => {
	it("leaves out what is more than six target durations old, and no more", async () => {
		const long = clipTracks({ frames: 1000 });
		const { id } = await createAsset(createRequest(long, LIVE));
		for (const track of long) {
			for (const [number, part] of split(track.samples, 500).entries()) {
				expect((await putPart(id, track.id, number, part)).status).toBe(201);
			}
		}
		const whole = await playlistOf(id, "base");
		const text = await textOf(urlOf(id, "base", "?_HLS_skip=YES"));
		const delta = parse(text, urlOf(id, "base"));
		expect(text).toContain("#EXT-X-VERSION:9");
		expect(whole.skippedSegments).toBe(0);
		expect(delta.skippedSegments).toBeGreaterThan(10);
		expect(delta.endSN).toBe(whole.endSN);
		const kept = delta.fragments.filter((fragment) => Boolean(fragment));
		expect(kept.map(({ url }) => url)).toEqual(whole.fragments.slice(delta.skippedSegments).map(({ url }) => url));
		expect(kept.map(({ programDateTime }) => programDateTime)).toEqual(
			whole.fragments.slice(delta.skippedSegments).map(({ programDateTime }) => programDateTime),
		);
		const keptSeconds = kept.reduce((sum, { duration }) => sum + duration, 0);
		expect(keptSeconds).toBeGreaterThan(6 * whole.targetduration - whole.targetduration - 0.5);
	});
});

describe("an asset that asks for no pieces", () => {
	it("has none, and answers blocking requests all the same", async () => {
		const { id } = await createAsset(createRequest(tracks));
		for (const track of tracks) await putPart(id, track.id, 0, track.samples.slice(0, 70));
		const text = await textOf(urlOf(id, "base"));
		expect(text).not.toMatch(/EXT-X-(PART|SERVER-CONTROL|PRELOAD|RENDITION|PROGRAM)/);
		const next = textOf(urlOf(id, "base", "?_HLS_msn=1"));
		for (const track of tracks) await putPart(id, track.id, 1, track.samples.slice(70));
		expect(await next).toContain("segments/1.m4s");
	});
});
