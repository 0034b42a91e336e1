import { env } from "cloudflare:workers";
import fc from "fast-check";
import { M3U8Parser, type PlaylistLevelType } from "hls.js";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { DEEPEST, FAN, placeAbove, relayName, type RelayPlace, widthOf } from "./relay/relay-place.ts";
import { MOST_WAITING } from "./relay/crowd.ts";
import { Camera } from "./testing/camera.ts";
import { call, migrate, ORIGIN } from "./testing/edge-client.ts";
import { clipTracks } from "./testing/fixture-media.ts";
import { AssetObject, RelayObject } from "./worker.ts";

/** Segments of 28 s: what is waited for may come after three times that, so nobody is answered early on a slow machine. */
const tracks = clipTracks({ frames: 800, gop: 700 });
const FILMED = 730;
const bytesOf = async (response: Response) => ({ status: response.status, hex: (await response.bytes()).toHex() });
const urlOf = (id: string, file: string) => `${ORIGIN}/v1/assets/${id}/tracks/base/${file}`;
const ask = async (id: string, file: string) => bytesOf(await call(urlOf(id, file), { token: "" }));
const crowd = (id: string, file: string, viewers: number) => Array.from({ length: viewers }, () => ask(id, file));

/** The piece that comes next, and the playlist that will have it. */
const nextOf = async (id: string): Promise<{ piece: string; playlist: string }> => {
	const url = urlOf(id, "playlist.m3u8");
	const text = new TextDecoder().decode(await (await call(url, { token: "" })).bytes());
	const details = M3U8Parser.parseLevelPlaylist(text, url, 0, "main" as PlaylistLevelType, 0, null);
	const query = `?_HLS_msn=${details.lastPartSn}&_HLS_part=${details.lastPartIndex + 1}`;
	return { piece: String(details.preloadHint?.["URI"]), playlist: `playlist.m3u8${query}` };
};

beforeAll(migrate);
afterEach(() => void vi.restoreAllMocks());

describe("a crowd at a live asset", () => {
	const viewers = 2 * MOST_WAITING + 60;

	it.each(["playlist", "piece"] as const)(
		"gets the same %s as one viewer, while the asset is asked by few",
		async (what) => {
			const camera = await Camera.start(tracks, FILMED);
			const next = await nextOf(camera.id);
			const file = next[what];
			const atAsset = vi.spyOn(AssetObject.prototype, what === "piece" ? "partial" : "playlist");
			const atRelays = vi.spyOn(RelayObject.prototype, what === "piece" ? "partial" : "playlist");
			const waiting = crowd(camera.id, file, viewers);
			// All have come to where they wait: at the asset, at the first relay, and at those below it, which have asked it.
			const asked = () => atRelays.mock.calls.map(([place, ...more]) => ({ ...place, asker: more.at(-1) }));
			const lowest = () => asked().filter(({ level, asker }) => level === 2 && asker === "viewer");
			const byRelays = () => asked().filter(({ asker }) => asker === "relay").length;
			const atTop = () => atAsset.mock.calls.filter((each) => each.at(-1) === "relay").length;
			const indexes = () => new Set(lowest().map(({ index }) => index)).size;
			await vi.waitUntil(
				() => lowest().length === viewers - 2 * MOST_WAITING && byRelays() === indexes() && atTop() === 1,
				{ timeout: 80_000 },
			);
			await camera.film(11);
			const answers = await Promise.all(waiting);
			expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
			// A piece is what it is; a playlist may have been written a moment later than another, and has what was asked for.
			const one = await ask(camera.id, file);
			const listed = `URI="${next.piece}"`;
			const isRight = (hex: string) =>
				what === "piece" ? hex === one.hex : new TextDecoder().decode(Uint8Array.fromHex(hex)).includes(listed);
			expect(answers.filter(({ hex }) => !isRight(hex))).toEqual([]);
			expect([atTop(), byRelays()]).toEqual([1, indexes()]);
			expect(indexes()).toBeLessThanOrEqual(FAN);
		},
	);

	it("is told when the asset goes", async () => {
		const camera = await Camera.start(tracks, FILMED);
		const { playlist } = await nextOf(camera.id);
		const atRelays = vi.spyOn(RelayObject.prototype, "playlist");
		const waiting = crowd(camera.id, playlist, MOST_WAITING + 20);
		await vi.waitUntil(() => atRelays.mock.calls.length >= 20, { timeout: 80_000 });
		expect((await call(`/v1/assets/${camera.id}`, { method: "DELETE" })).status).toBe(204);
		expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([404]));
	});

	it.each(["master.m3u8", "enhancements.json"])(
		"gets %s from a relay where the asset has enough to do",
		async (file) => {
			const camera = await Camera.start(tracks, FILMED);
			const get = async () => bytesOf(await call(`${ORIGIN}/v1/assets/${camera.id}/${file}`, { token: "" }));
			const one = await get();
			const index = AssetObject.prototype.index;
			vi.spyOn(AssetObject.prototype, "index").mockImplementation(async function (
				this: AssetObject,
				name,
				asker,
			) {
				if (asker === "viewer") throw Object.assign(new Error("Too many requests."), { overloaded: true });
				return index.call(this, name, asker);
			});
			const atRelays = vi.spyOn(RelayObject.prototype, "index");
			expect(await get()).toEqual(one);
			expect([one.status, atRelays.mock.calls.length]).toEqual([200, 1]);
		},
	);

	it("is turned away, and not lost, where every relay is full", async () => {
		const camera = await Camera.start(tracks, FILMED);
		vi.spyOn(AssetObject.prototype, "playlist").mockResolvedValue("crowded");
		vi.spyOn(RelayObject.prototype, "playlist").mockResolvedValue("crowded");
		const response = await call(urlOf(camera.id, "playlist.m3u8?_HLS_msn=0"), { token: "" });
		expect([response.status, response.headers.get("Retry-After")]).toEqual([429, "1"]);
		expect(await response.json()).toMatchObject({ error: { code: "rate-limited" } });
	});
});

describe("relays", () => {
	it("are a tree: from everywhere up to the asset, and no more below one than it can bear", () => {
		const places = fc.integer({ min: 1, max: DEEPEST }).chain((level) =>
			fc.record({
				asset: fc.constant("p1"),
				region: fc.constantFrom("EU", "AS"),
				level: fc.constant(level),
				index: fc.nat(widthOf(level) - 1),
			}),
		);
		fc.assert(
			fc.property(places, (place) => {
				let steps = 0;
				for (let at: RelayPlace | undefined = place; at !== undefined; at = placeAbove(at)) {
					expect(at.index).toBeLessThan(widthOf(at.level));
					expect(at.region).toBe(place.region);
					steps += 1;
				}
				expect(steps).toBe(place.level);
			}),
			{ seed: 4 },
		);
		const below = Array.from({ length: widthOf(DEEPEST) }, (_, index) =>
			placeAbove({ asset: "p1", region: "EU", level: DEEPEST, index }),
		);
		const counts = Map.groupBy(below, (place) => (place === undefined ? "" : relayName(place)));
		const most = Math.max(...[...counts.values()].map(({ length }) => length));
		expect([counts.size, most]).toEqual([widthOf(DEEPEST - 1), FAN]);
	});

	it("keep nothing that deletion would have to find", async () => {
		const stub = env.RELAY.get(env.RELAY.idFromName("p1/EU/1/0"));
		const answer = await stub.playlist(
			{ asset: "p1", region: "EU", level: 1, index: 0 },
			"base",
			{ skip: false },
			"viewer",
		);
		expect(answer).toMatchObject({ ok: false, refusal: { code: "not-found" } });
	});
});
