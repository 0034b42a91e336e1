import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { AssetResponse } from "../protocol/asset.ts";
import { encodePart } from "../protocol/part.ts";
import { call, createAsset, migrate, ORIGIN, putPart, uploadAll } from "./testing/edge-client.ts";
import { assetStub, Faults } from "./testing/faults.ts";
import { clipTracks, createRequest } from "./testing/fixture-media.ts";
import { jpegOf } from "./testing/pictures.ts";

const tracks = clipTracks({ frames: 75 });
let id: string;
let signed: string;

const patch = (assetId: string, json: object) => call(`/v1/assets/${assetId}`, { method: "PATCH", json });
const search = async (query: string): Promise<string[]> => {
	const response = await call(`/v1/assets?limit=100&${query}`);
	const page = await response.json<{ assets: { id: string }[] }>();
	return page.assets.map((asset) => asset.id);
};
const codeOf = async (response: Response) => [
	response.status,
	(await response.json<{ error: { code: string } }>()).error.code,
];

beforeAll(async () => {
	await migrate();
	id = await uploadAll(tracks);
	signed = await uploadAll(tracks, 40, undefined, { access: "signed", title: "Private viewing" });
});

describe("details", () => {
	it("are changed one by one, taken away by null, and told by every answer", async () => {
		const first = await patch(id, { title: "Über den Wolken", metadata: { order: "A-17" } });
		expect(await first.json()).toMatchObject({ id, title: "Über den Wolken", metadata: { order: "A-17" } });
		expect((await patch(id, { description: "A flight in autumn" })).status).toBe(200);
		const asset = await (await call(`/v1/assets/${id}`)).json<AssetResponse>();
		expect(asset).toMatchObject({ title: "Über den Wolken", description: "A flight in autumn" });
		const cleared = await (await patch(id, { description: null })).json<AssetResponse>();
		expect(cleared.description).toBeUndefined();
		expect(cleared.title).toBe("Über den Wolken");
	});

	it("are what viewers see: the master playlist has the title as it is now, and none that was taken away", async () => {
		const shownTitle = async (assetId: string) => {
			const text = await (await call(`/v1/assets/${assetId}/master.m3u8`, { token: "" })).text();
			expect(text).toContain("#EXT-X-STREAM-INF");
			return /com\.apple\.hls\.title",VALUE="([^"]*)"/.exec(text)?.[1];
		};
		const { id: open } = await createAsset(createRequest(tracks, { title: "At first" }));
		for (const track of tracks) expect((await putPart(open, track.id, 0, track.samples)).status).toBe(201);
		expect(await shownTitle(open)).toBe("At first");
		await patch(open, { title: "Live" });
		expect(await shownTitle(open)).toBe("Live");
		const counts = { tracks: tracks.map((track) => ({ id: track.id, parts: 1 })) };
		expect((await call(`/v1/assets/${open}/complete`, { method: "POST", json: counts })).status).toBe(200);
		expect(await shownTitle(open)).toBe("Live");
		await patch(open, { title: "Replay" });
		expect(await shownTitle(open)).toBe("Replay");
		await patch(open, { title: null });
		expect(await shownTitle(open)).toBeUndefined();
		expect((await call(`/v1/assets/${open}`, { method: "DELETE" })).status).toBe(204);
		const named = await uploadAll(tracks, 40, undefined, { title: "Never changed" });
		expect(await shownTitle(named)).toBe("Never changed");
		expect((await call(`/v1/assets/${named}`, { method: "DELETE" })).status).toBe(204);
	});

	it.each([
		{ title: 5 },
		{ more: 1 },
		{ embedOrigins: ["x"] },
		{ metadata: { "": "x" } },
		{ title: "x".repeat(201) },
	])("are refused with %j", async (json) => {
		expect(await codeOf(await patch(id, json))).toEqual([400, "invalid-request"]);
	});

	it("find the asset however they are written", async () => {
		for (const query of ["search=uber", "search=WOLKEN+%C3%BCber", "search=a-17", `search=${id}`]) {
			expect(await search(query)).toEqual([id]);
		}
		expect(await search("search=uber+viewing")).toEqual([]);
		expect(await search("search=%25")).toEqual([]);
		expect(await search("search=private&access=signed")).toEqual([signed]);
		expect(await search("access=public&state=complete")).toEqual([id]);
		expect(await search("state=uploading")).toEqual([]);
		expect((await call("/v1/assets?state=x")).status).toBe(400);
	});

	it("survive a catalogue that fails, and are told to it by the alarm where nobody asks again", async () => {
		const open = await createAsset(createRequest(tracks));
		await new Faults((_, name) => (name === "run" ? "before" : undefined)).install(open.id);
		const refused = await patch(open.id, { title: "Found" });
		expect(refused.headers.get("Retry-After")).not.toBeNull();
		expect(await codeOf(refused)).toEqual([503, "storage-unavailable"]);
		expect(await search("search=found")).toEqual([]);
		await evictDurableObject(assetStub(open.id));
		// Its alarm is due in a second: it may be running by itself.
		await runDurableObjectAlarm(assetStub(open.id));
		await expect.poll(() => search("search=found")).toEqual([open.id]);
	});
});

describe("pages around an asset", () => {
	const frameAncestors = async () =>
		(await call(`/embed/${id}`, { token: "" })).headers.get("Content-Security-Policy");

	it("let in the frames of the origins that the asset names", async () => {
		expect(await frameAncestors()).toBeNull();
		await patch(id, { embedOrigins: ["https://a.test", "https://b.test:8443"] });
		expect(await frameAncestors()).toBe("frame-ancestors 'self' https://a.test https://b.test:8443");
		await patch(id, { embedOrigins: [] });
		expect(await frameAncestors()).toBe("frame-ancestors 'self'");
		await patch(id, { embedOrigins: null });
		expect(await frameAncestors()).toBeNull();
		const watch = await call(`/watch/${id}`, { token: "" });
		expect(watch.headers.get("Content-Security-Policy")).toBe("frame-ancestors 'self'");
		expect(watch.headers.get("Link")).toContain("json+oembed");
		expect((await call(`/watch/${signed}`, { token: "" })).headers.get("Link")).toBeNull();
	});

	it("are told to other sites by oEmbed, as large as they ask", async () => {
		const ask = (query: string) => call(`/oembed?${query}`, { token: "" });
		const url = encodeURIComponent(`${ORIGIN}/watch/${id}`);
		expect(await (await ask(`url=${url}`)).json()).toMatchObject({
			version: "1.0",
			type: "video",
			title: "Über den Wolken",
			width: 960,
			height: 540,
			html: expect.stringContaining(`src="${ORIGIN}/embed/${id}"`),
		});
		expect(await (await ask(`url=${url}&maxwidth=320&maxheight=100`)).json()).toMatchObject({
			width: 177,
			height: 100,
		});
		expect(await (await ask(`url=${url}`)).json()).not.toHaveProperty("thumbnail_url");
		const poster = { method: "PUT", body: jpegOf(640, 480, 0) };
		expect((await call(`/v1/assets/${id}/poster`, poster)).status).toBe(201);
		expect(await (await ask(`url=${url}`)).json()).toMatchObject({ thumbnail_width: 640, thumbnail_height: 480 });
		expect((await ask(`url=${url}&format=xml`)).status).toBe(501);
		for (const other of [
			`${ORIGIN}/watch/${signed}`,
			`https://elsewhere.test/watch/${id}`,
			`${ORIGIN}/watch/x`,
			"x",
		]) {
			expect((await ask(`url=${encodeURIComponent(other)}`)).status).toBe(404);
		}
		expect((await ask("format=json")).status).toBe(400);
	});
});

describe("a storyboard", () => {
	const pictures = Array.from({ length: 3 }, (_, index) => ({
		data: jpegOf(160, 90, index),
		timestamp: index * 1_000_000,
		duration: 1_000_000,
		sync: true,
	}));
	const put = (body: Uint8Array<ArrayBuffer>) => call(`/v1/assets/${id}/storyboard`, { method: "PUT", body });
	const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

	it("gives pictures by number and by time", async () => {
		expect((await put(encodePart(pictures))).status).toBe(201);
		const master = await (await call(`/v1/assets/${id}/master.m3u8`, { token: "" })).bytes();
		const uri = /video\.crescendo\.storyboard",FORMAT=RAW,URI="([^"]+)"/.exec(
			new TextDecoder().decode(master),
		)?.[1];
		const vtt = await call(`/v1/assets/${id}/${uri}`, { token: "" });
		expect(vtt.headers.get("Content-Type")).toBe("text/vtt; charset=utf-8");
		const text = new TextDecoder().decode(await bytesOf(vtt));
		const cues = [...text.matchAll(/^(\S+) --> (\S+)\n(\S+)#xywh=0,0,160,90$/gm)];
		expect(cues.map(([, from, to]) => [from, to])).toEqual([
			["00:00:00.000", "00:00:01.000"],
			["00:00:01.000", "00:00:02.000"],
			["00:00:02.000", "00:00:03.000"],
		]);
		const second = await call(new URL(cues[1]?.[3] ?? "", `${ORIGIN}/v1/assets/${id}/storyboard.vtt`).href, {
			token: "",
		});
		expect(second.headers.get("Content-Type")).toBe("image/jpeg");
		expect(second.headers.get("Cache-Control")).toContain("immutable");
		expect(await bytesOf(second)).toEqual(pictures[1]?.data);
		for (const [time, number] of [
			["0", 0],
			["0.99", 0],
			["1", 1],
			["500", 2],
		] as const) {
			const response = await call(`/v1/assets/${id}/thumbnail?time=${time}`, { token: "" });
			expect(await bytesOf(response)).toEqual(pictures[number]?.data);
			const tag = response.headers.get("ETag") ?? "";
			const again = await call(`/v1/assets/${id}/thumbnail?time=${time}`, {
				token: "",
				headers: { "If-None-Match": tag },
			});
			expect(again.status).toBe(304);
		}
		expect((await call(`/v1/assets/${id}/thumbnail?time=-1`, { token: "" })).status).toBe(400);
		expect((await call(`/v1/assets/${id}/storyboard/${"0".repeat(32)}/0`, { token: "" })).status).toBe(404);
	});

	it("is refused where it is none", async () => {
		const [first, ...others] = pictures;
		if (first === undefined) throw new Error("No picture");
		for (const body of [
			new Uint8Array([1, 2, 3]),
			encodePart([{ ...first, data: new Uint8Array([0x3c, 0x73]) }]),
			encodePart([{ ...first, data: jpegOf(1000, 90, 0) }]),
			encodePart([{ ...first, data: jpegOf(80, 90, 0) }, ...others]),
		]) {
			expect(await codeOf(await put(body))).toEqual([400, "invalid-part"]);
		}
	});
});

describe("usage", () => {
	const stored = async (assetId: string) => {
		const response = await call(`/v1/assets/${assetId}/usage`);
		return (await response.json<{ stored: { bytes: number; minutes: number } }>()).stored;
	};
	/** Sends what is between two times, microseconds, as part 0 or 1 of each track. */
	const send = async (assetId: string, from: number, to: number) => {
		for (const track of tracks) {
			const part = track.samples.filter(({ timestamp }) => timestamp >= from && timestamp < to);
			expect((await putPart(assetId, track.id, from === 0 ? 0 : 1, part)).status).toBe(201);
		}
	};

	it("knows what is stored of an asset that is still written, a minute behind", async () => {
		const open = await createAsset(createRequest(tracks));
		await send(open.id, 0, 2_500_000);
		const before = await stored(open.id);
		expect(before.minutes).toBe(0);
		vi.useFakeTimers({ toFake: ["Date"] });
		try {
			vi.setSystemTime(Date.now() + 61_000);
			await send(open.id, 2_500_000, 3_000_000);
		} finally {
			vi.useRealTimers();
		}
		const { bytes, minutes } = await stored(open.id);
		expect(minutes).toBeCloseTo(2 / 60, 6);
		// A segment of each track but one, of which the part comes after the row.
		expect(bytes).toBeGreaterThan(before.bytes + 5000);
		expect((await call(`/v1/assets/${open.id}`, { method: "DELETE" })).status).toBe(204);
	});

	it("knows it with the first part after a pause", async () => {
		const open = await createAsset(createRequest(tracks));
		await send(open.id, 0, 2_500_000);
		await evictDurableObject(assetStub(open.id));
		await send(open.id, 2_500_000, 3_000_000);
		expect((await stored(open.id)).minutes).toBeCloseTo(2 / 60, 6);
		expect((await call(`/v1/assets/${open.id}`, { method: "DELETE" })).status).toBe(204);
	});

	it("counts what is stored and what was delivered, once", async () => {
		const before = await (await call(`/v1/assets/${id}/usage`)).json<{ delivered: { bytes: number }[] }>();
		const stored = await env.MEDIA.head(`assets/${id}/base/0.m4s`);
		const path = `/v1/assets/${id}/tracks/base/segments/0.m4s`;
		const responses = [
			await call(path, { token: "" }),
			await call(path, { token: "", headers: { Range: "bytes=0-9" } }),
			await call(path, { token: "", method: "HEAD" }),
			await call(path, { token: "", headers: { "If-None-Match": "*" } }),
		];
		for (const response of responses) await response.arrayBuffer();
		const expected = (before.delivered[0]?.bytes ?? 0) + (stored?.size ?? 0) + 10;
		await expect
			.poll(async () => {
				const usage = await (await call(`/v1/assets/${id}/usage`)).json<{ delivered: { bytes: number }[] }>();
				return usage.delivered[0]?.bytes;
			})
			.toBe(expected);
		const all = await (await call("/v1/usage?days=1")).json();
		expect(all).toMatchObject({ stored: { assets: expect.any(Number), minutes: expect.any(Number) } });
		expect((await call("/v1/usage?days=0")).status).toBe(400);
		expect((await call("/v1/usage", { token: "" })).status).toBe(401);
	});
});
