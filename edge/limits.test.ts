import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { BITSTREAM_VERSION } from "../codec/bitstream/version.ts";
import type { Sample } from "../codec/sample.ts";
import { type AssetResponse, CreateAssetRequest } from "../protocol/asset.ts";
import { fromBase64, toBase64 } from "../protocol/base64.ts";
import { reprDigest } from "../protocol/digest.ts";
import { encodePart, MAX_PART_BYTES, PART_MEDIA_TYPE } from "../protocol/part.ts";
import type { TrackJson } from "../protocol/track.ts";
import { newAssetId } from "./access/asset-id.ts";
import type { AssetObject } from "./asset/asset-object.ts";
import { type Limits, readLimits } from "./limits.ts";
import { call, createAsset, migrate, ORIGIN, putPart, split } from "./testing/edge-client.ts";
import { assetStub, Faults } from "./testing/faults.ts";
import { baseTrack, clipTracks, createRequest, enhancementTrack } from "./testing/fixture-media.ts";
import app from "./worker.ts";

const tracks = clipTracks({ frames: 150 });

/** Bytes in which a slow body comes. */
const PIECE = 2 ** 16;
const partsOf = (trackId: string, size = 10) => split(tracks.find(({ id }) => id === trackId)?.samples ?? [], size);
const codeOf = async (response: Response) => [
	response.status,
	(await response.json<{ error: { code: string } }>()).error.code,
];

/** An asset under limits of its own. */
const limitedAsset = async (limits: Partial<Limits>, request: Partial<CreateAssetRequest> = {}): Promise<string> => {
	const id = newAssetId("public");
	const settings = {
		id,
		access: "public" as const,
		createdAt: Date.now(),
		request: createRequest(tracks, request),
		limits: { ...readLimits(undefined), ...limits },
	};
	expect((await assetStub(id).create(settings)).ok).toBe(true);
	return id;
};

beforeAll(migrate);

describe("limits", () => {
	it("are read from the environment, and a typing error lifts none", () => {
		expect(readLimits('{"partSamples":5}')).toMatchObject({ partSamples: 5, abandonSeconds: 86_400 });
		expect(readLimits("")).toEqual(readLimits(undefined));
		const above = ['{"assetTracks":13}', '{"partBytes":2097153}', '{"usageMilliseconds":60000}'];
		for (const wrong of ['{"partSample":5}', '{"partSamples":0}', '{"partSamples":"5"}', "{", ...above]) {
			expect(() => readLimits(wrong)).toThrow(/^CRESCENDO_LIMITS/);
		}
		// Of a number out of its range it is said which.
		expect(() => readLimits('{"assetSeconds":0}')).toThrow("assetSeconds");
	});

	it("413 for more bytes than an asset may have", async () => {
		const id = await limitedAsset({ assetBytes: 3000 });
		const parts = partsOf("base");
		expect((await putPart(id, "base", 0, parts[0] ?? [])).status).toBe(201);
		const response = await putPart(id, "base", 1, [...(parts[1] ?? []), ...(parts[2] ?? [])]);
		expect(await codeOf(response)).toEqual([413, "constraint-exceeded"]);
	});

	it("413 for more tracks than an asset may have, and the next may have fewer", async () => {
		const request = createRequest(tracks);
		const create = async (json: CreateAssetRequest) => {
			const body = JSON.stringify(json);
			const headers = { Authorization: "Bearer test-api-key", "Content-Type": "application/json" };
			const limited = { ...env, CRESCENDO_LIMITS: '{"assetTracks":2}' };
			const url = `${ORIGIN}/v1/assets`;
			return app.fetch(new Request(url, { method: "POST", headers, body }), limited, createExecutionContext());
		};
		const refused = await create(request);
		expect(await codeOf(refused)).toEqual([413, "constraint-exceeded"]);
		expect((await create({ ...request, tracks: request.tracks.slice(0, 2) })).status).toBe(201);
	});

	it("413 for a part of more bytes than it may have, which says how many", async () => {
		const [part = []] = partsOf("base");
		const { length } = encodePart(part);
		const id = await limitedAsset({ partBytes: length - 1 });
		const response = await putPart(id, "base", 0, part);
		const { error } = await response.json<{ error: { code: string; message: string } }>();
		expect([response.status, error.code]).toEqual([413, "too-large"]);
		expect(error.message).toContain(`${length - 1} bytes`);
		expect((await putPart(id, "base", 0, part.slice(1))).status).toBe(400);
		expect((await putPart(id, "base", 0, part.slice(0, -1))).status).toBe(201);
	});

	it("take as many parts as the longest asset has of the shortest pieces", async () => {
		const [seconds, pieceSeconds] = [readLimits(undefined).assetSeconds, 0.1];
		const id = await limitedAsset({});
		const [part = []] = partsOf("base");
		expect((await putPart(id, "base", seconds / pieceSeconds - 1, part)).status).toBe(201);
		expect(await codeOf(await putPart(id, "base", 1_000_000, part))).toEqual([400, "invalid-request"]);
		// A gap as long is told in an answer that is not.
		const progress = await (await call(`/v1/assets/${id}`)).json<{ tracks: { missing: number[] }[] }>();
		expect(progress.tracks[0]?.missing).toHaveLength(1000);
	});

	it("413 for more seconds than an asset may have, wherever the part stands that goes beyond", async () => {
		const id = await limitedAsset({ assetSeconds: 1 });
		const parts = partsOf("base", 20);
		expect((await putPart(id, "base", 0, parts[0] ?? [])).status).toBe(201);
		for (const number of [1, 2, 5]) {
			const response = await putPart(id, "base", number, parts[number] ?? []);
			expect(await codeOf(response)).toEqual([413, "constraint-exceeded"]);
		}
	});

	it("400 for more samples than a part may have", async () => {
		const id = await limitedAsset({ partSamples: 9 });
		expect(await codeOf(await putPart(id, "base", 0, partsOf("base", 10)[0] ?? []))).toEqual([400, "invalid-part"]);
		expect((await putPart(id, "base", 0, partsOf("base", 9)[0] ?? [])).status).toBe(201);
	});

	it("429 for parts that run ahead, never for the one that all wait for", async () => {
		const id = await limitedAsset({ pendingBytes: 8000 });
		const parts = partsOf("e40");
		const statuses: number[] = [];
		for (const [number, part] of parts.entries()) statuses.push((await putPart(id, "e40", number, part)).status);
		// The base has not come, so the enhancement waits; when it is full, it is told so.
		expect(statuses).toContain(201);
		const refused = statuses.indexOf(429);
		expect(refused).toBeGreaterThan(0);
		const full = await putPart(id, "e40", refused, parts[refused] ?? []);
		expect(full.headers.get("Retry-After")).toBe("1");
		expect(await codeOf(full)).toEqual([429, "rate-limited"]);
		// The base is let in however much waits, and then there is room again.
		for (const [number, part] of partsOf("base").entries())
			expect((await putPart(id, "base", number, part)).status).toBe(201);
		for (const [number, part] of parts.entries())
			expect((await putPart(id, "e40", number, part)).status).toBeLessThan(202);
	});

	it("429 for many small parts that run ahead", async () => {
		const id = await limitedAsset({ pendingParts: 2 });
		const parts = partsOf("audio");
		expect((await putPart(id, "audio", 1, parts[1] ?? [])).status).toBe(201);
		expect((await putPart(id, "audio", 2, parts[2] ?? [])).status).toBe(201);
		expect(await codeOf(await putPart(id, "audio", 3, parts[3] ?? []))).toEqual([429, "rate-limited"]);
		expect((await putPart(id, "audio", 0, parts[0] ?? [])).status).toBe(201);
	});

	it("503 when the store fails and enough waits for it", async () => {
		const id = await limitedAsset({ pendingBytes: 4000 });
		const statuses: number[] = [];
		for (const [number, part] of partsOf("base", 40).entries()) {
			await new Faults(() => "before").install(id);
			statuses.push((await putPart(id, "base", number, part)).status);
		}
		expect(statuses[0]).toBe(201);
		expect(statuses.at(-1)).toBe(503);
		// Or its alarm would go on failing through the tests after this one.
		await evictDurableObject(assetStub(id));
	});

	it("429 where more of an asset is read at the same time than there is memory for", async () => {
		const id = await limitedAsset({});
		const end = Promise.withResolvers<void>();
		// Four of the largest that may be, and never a last byte.
		const slow = Array.from({ length: 4 }, (_, number) => {
			const taken = Promise.withResolvers<void>();
			let left = MAX_PART_BYTES;
			const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
				left -= PIECE;
				if (left >= 0) return controller.enqueue(new Uint8Array(PIECE));
				taken.resolve();
				await end.promise;
				controller.close();
			};
			const answer = call(`/v1/assets/${id}/tracks/e40/parts/${number}`, {
				method: "PUT",
				headers: { "Content-Type": PART_MEDIA_TYPE, "Repr-Digest": `sha-256=:${"A".repeat(43)}=:` },
				body: new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 }),
			});
			return { answer, taken: taken.promise };
		});
		// Room doubles: with more than half of its bytes a body has all that it can, whatever is still on its way.
		await Promise.all(slow.map(({ taken }) => taken));
		const [part = []] = partsOf("base");
		const response = await putPart(id, "base", 0, part);
		end.resolve();
		for (const { answer } of slow) expect((await answer).status).toBe(400);
		expect(response.headers.get("Retry-After")).toBe("1");
		expect(await codeOf(response)).toEqual([429, "rate-limited"]);
		expect((await putPart(id, "base", 0, part)).status).toBe(201);
	});

	it("422 for a track whose groups of pictures make segments too large", async () => {
		const id = await limitedAsset({ segmentBytes: 3000 });
		expect(await codeOf(await putPart(id, "base", 0, partsOf("base", 60)[0] ?? []))).toEqual([422, "track-failed"]);
		expect(await codeOf(await putPart(id, "base", 1, partsOf("base", 60)[1] ?? []))).toEqual([422, "track-failed"]);
		const done = await call(`/v1/assets/${id}/complete`, {
			method: "POST",
			json: { tracks: tracks.map((track) => ({ id: track.id, parts: 1 })) },
		});
		expect(await codeOf(done)).toEqual([422, "track-failed"]);
	});

	it("422 for less in a segment where it is cut into pieces, each of which is put together in memory", async () => {
		const limits = { segmentBytes: 1_000_000, lowLatencySegmentBytes: 3000 };
		const [whole, pieces] = [await limitedAsset(limits), await limitedAsset(limits, { partialMilliseconds: 400 })];
		const part = partsOf("base", 60)[0] ?? [];
		expect((await putPart(whole, "base", 0, part)).status).toBe(201);
		expect(await codeOf(await putPart(pieces, "base", 0, part))).toEqual([422, "track-failed"]);
		// What waits of the other tracks is there, what waited of the base is not: viewers are told so, before and after a restart.
		expect((await putPart(pieces, "audio", 0, partsOf("audio", 20)[0] ?? [])).status).toBe(201);
		for (let time = 0; time < 2; time++) {
			for (const path of ["master.m3u8", "tracks/audio/playlist.m3u8"]) {
				const response = await call(`/v1/assets/${pieces}/${path}`);
				expect(await codeOf(response)).toEqual([404, "not-found"]);
			}
			await evictDurableObject(assetStub(pieces));
		}
	});

	it("end sound that goes on for long when the picture has ended, and leave nothing of what comes later", async () => {
		const id = await limitedAsset({ segmentSeconds: 3 });
		const later = clipTracks({ frames: 500 }).find((track) => track.id === "audio")?.samples ?? [];
		for (const name of ["base", "e40"])
			expect((await putPart(id, name, 0, partsOf(name, 150)[0] ?? [])).status).toBe(201);
		expect((await putPart(id, "audio", 0, later)).status).toBe(201);
		const json = { tracks: tracks.map((track) => ({ id: track.id, parts: 1 })) };
		const done = await call(`/v1/assets/${id}/complete`, { method: "POST", json });
		const asset = await done.json<AssetResponse>();
		expect([done.status, asset.tracks.map(({ failure }) => failure)]).toEqual([
			200,
			[undefined, undefined, undefined],
		]);
		const playlist = await (await call(`/v1/assets/${id}/tracks/audio/playlist.m3u8`)).bytes();
		const durations = [...new TextDecoder().decode(playlist).matchAll(/#EXTINF:([\d.]+)/g)].map(([, text]) =>
			Number(text),
		);
		expect(durations).toHaveLength(3);
		expect(durations.at(-1)).toBeGreaterThan(2.9);
		expect(durations.at(-1)).toBeLessThanOrEqual(3);
		await runInDurableObject(assetStub(id), (_: AssetObject, { storage }) => {
			expect(storage.sql.exec("SELECT count(*) AS left FROM chunk").one()).toEqual({ left: 0 });
		});
	});

	it("422 for a track with more samples in a segment than it may have", async () => {
		const id = await limitedAsset({ segmentSamples: 60 });
		for (const name of ["base", "e40"])
			expect((await putPart(id, name, 0, partsOf(name, 60)[0] ?? [])).status).toBe(201);
		expect(await codeOf(await putPart(id, "audio", 0, partsOf("audio", 200)[0] ?? []))).toEqual([
			422,
			"track-failed",
		]);
	});

	it("429 for assets made too fast with upload tokens", async () => {
		const { token } = await (
			await call("/v1/upload-tokens", { method: "POST", json: {} })
		).json<{ token: string }>();
		const request = new Request(`${ORIGIN}/v1/assets`, {
			method: "POST",
			headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
			body: JSON.stringify(createRequest(tracks)),
		});
		const full = { ...env, CREATION_RATE: { limit: async () => ({ success: false }) } };
		const response = await app.fetch(request, full, createExecutionContext());
		expect(response.headers.get("Retry-After")).toBe("60");
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
		expect(await codeOf(response)).toEqual([429, "rate-limited"]);
	});
});

describe("an enhancement that is not aligned", () => {
	it("fails alone: the asset plays without it", async () => {
		const { id } = await createAsset(createRequest(tracks));
		const shifted = clipTracks({ frames: 150, gop: 40 }).find((track) => track.id === "e40")?.samples ?? [];
		for (const [number, part] of partsOf("base", 75).entries()) await putPart(id, "base", number, part);
		const audio = tracks.find((track) => track.id === "audio")?.samples ?? [];
		await putPart(id, "audio", 0, audio);
		expect(await codeOf(await putPart(id, "e40", 0, shifted))).toEqual([422, "track-failed"]);
		expect(await (await call(`/v1/assets/${id}`)).json()).toMatchObject({
			tracks: [{ id: "base" }, { id: "e40", failure: "misaligned" }, { id: "audio" }],
		});
		const done = await call(`/v1/assets/${id}/complete`, {
			method: "POST",
			json: {
				tracks: [
					{ id: "base", parts: 2 },
					{ id: "e40", parts: 9 },
					{ id: "audio", parts: 1 },
				],
			},
		});
		expect(done.status).toBe(200);
		expect(await (await call(`/v1/assets/${id}/enhancements.json`)).json()).toEqual({ enhancements: [] });
		expect((await call(`/v1/assets/${id}/tracks/e40/playlist.m3u8`)).status).toBe(404);
		expect((await call(`/v1/assets/${id}/tracks/base/playlist.m3u8`)).status).toBe(200);
	});
});

describe("an enhancement of an older bitstream", () => {
	const older = (track: TrackJson): TrackJson => {
		if (track.kind !== "enhancement") return track;
		const description = fromBase64(track.description) ?? new Uint8Array();
		// The version is the first byte of a sequence header.
		return { ...track, description: toBase64(description.with(0, BITSTREAM_VERSION - 1)) };
	};
	// And four bits of the first of a sample.
	const olderSample = (sample: Sample): Sample => {
		const type = (sample.data[0] ?? 0) & 15;
		return { ...sample, data: sample.data.with(0, ((BITSTREAM_VERSION - 1) << 4) | type) };
	};
	const request = createRequest(tracks);
	const olderTracks = request.tracks.map(older);

	it("makes no asset any more, and is told why", async () => {
		const refused = await call("/v1/assets", { method: "POST", json: { ...request, tracks: olderTracks } });
		expect(refused.status).toBe(400);
		const { error } = await refused.json<{ error: { code: string; message: string } }>();
		expect(error.code).toBe("invalid-track");
		expect(error.message).toContain(`version ${BITSTREAM_VERSION - 1}`);
	});

	it("goes on in an asset that has it: its samples are taken, listed and delivered, base and all", async () => {
		const id = await limitedAsset({}, { tracks: olderTracks });
		expect(await codeOf(await putPart(id, "e40", 0, partsOf("e40", 75)[0] ?? []))).toEqual([400, "invalid-part"]);
		const counts = [];
		for (const { id: track } of tracks) {
			const parts = partsOf(track, 75).map((part) => (track === "e40" ? part.map(olderSample) : part));
			for (const [number, part] of parts.entries())
				expect((await putPart(id, track, number, part)).status).toBe(201);
			counts.push({ id: track, parts: parts.length });
		}
		await evictDurableObject(assetStub(id));
		const done = await call(`/v1/assets/${id}/complete`, { method: "POST", json: { tracks: counts } });
		expect(done.status).toBe(200);
		const texts = ["master.m3u8", "enhancements.json", "tracks/base/playlist.m3u8", "tracks/e40/playlist.m3u8"];
		for (const path of texts) expect((await call(`/v1/assets/${id}/${path}`)).status).toBe(200);
		expect(await (await call(`/v1/assets/${id}/enhancements.json`)).json()).toMatchObject({
			enhancements: [{ id: "e40" }],
		});
		// The version that a player looks at stands in the init segment, as it was uploaded.
		const description = fromBase64(olderTracks.find((track) => track.id === "e40")?.description ?? "");
		const init = new Uint8Array(await (await call(`/v1/assets/${id}/tracks/e40/init.mp4`)).arrayBuffer());
		expect(init.toHex()).toContain(description?.toHex());
	});
});

describe("requests that make no asset", () => {
	const good = createRequest(tracks);
	const bent = (track: object) => ({
		...good,
		tracks: good.tracks.map((other) => (other.id === "e40" ? { ...other, ...track } : other)),
	});
	it.each([
		["no body", {}, [400, "invalid-request"]],
		["a field too many", { ...good, more: 1 }, [400, "invalid-request"]],
		["no base", { ...good, tracks: good.tracks.slice(1) }, [400, "invalid-request"]],
		["two bases", { ...good, tracks: [good.tracks[0], { ...good.tracks[0], id: "b" }] }, [400, "invalid-request"]],
		[
			"the same id twice",
			{ ...good, tracks: [good.tracks[0], { ...good.tracks[2], id: "base" }] },
			[400, "invalid-request"],
		],
		["a size out of range", { ...good, width: 8193 }, [400, "invalid-request"]],
		["another size than its description", bent({ width: 320, height: 180 }), [400, "invalid-track"]],
		["another model than its description", bent({ modelId: "f".repeat(32) }), [400, "invalid-track"]],
		["a description cut short", bent({ description: "AAAA" }), [400, "invalid-track"]],
		["a base of another size", { ...good, width: 320, height: 180 }, [400, "invalid-track"]],
	])("%s", async (_, json, expected) => {
		expect(await codeOf(await call("/v1/assets", { method: "POST", json }))).toEqual(expected);
	});

	it("half a character, in a value or a name, that no store could give back", async () => {
		const send = (method: string, path: string, body: string) =>
			call(path, { method, body, headers: { "Content-Type": "application/json" } });
		const { id } = await createAsset({ ...good, title: "\u{1f600} whole" });
		for (const body of ['{"title":"\\ud800"}', '{"metadata":{"\\udc00":"x"}}', '{"metadata":{"x":"a\\ud83d b"}}']) {
			expect(await codeOf(await send("PATCH", `/v1/assets/${id}`, body))).toEqual([400, "invalid-request"]);
		}
		const half = JSON.stringify({ ...good, title: "\ud800" });
		expect(await codeOf(await send("POST", "/v1/assets", half))).toEqual([400, "invalid-request"]);
		const whole = await send("PATCH", `/v1/assets/${id}`, '{"description":"\\ud83d\\ude00"}');
		expect(await whole.json()).toMatchObject({ title: "\u{1f600} whole", description: "\u{1f600}" });
	});

	it("no JSON, and too much of it", async () => {
		const send = (body: string, type: string) =>
			call("/v1/assets", { method: "POST", body, headers: { "Content-Type": type } });
		expect(await codeOf(await send("{", "application/json"))).toEqual([400, "invalid-request"]);
		expect(await codeOf(await send("{}", "text/plain"))).toEqual([415, "unsupported-media-type"]);
		expect(await codeOf(await send(`"${"x".repeat(300_000)}"`, "application/json"))).toEqual([413, "too-large"]);
	});

	it("fixtures are what the protocol accepts", async () => {
		expect(CreateAssetRequest.type).toBe("strict_object");
		expect(baseTrack.width * 4).toBe(enhancementTrack(1).width);
		expect(await reprDigest(encodePart(partsOf("base")[0] ?? []))).toMatch(/^sha-256=:.{44}:$/);
	});
});
