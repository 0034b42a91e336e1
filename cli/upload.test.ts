import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { concatenate } from "../codec/mp4/box.ts";
import { FragmentedFileWriter } from "../codec/mp4/fragmented-file.ts";
import { avcTrack, enhancementTrack, testSamples } from "../codec/mp4/test-tracks.ts";
import type { Sample } from "../codec/sample.ts";
import { CompleteRequest, CreateAssetRequest } from "../protocol/asset.ts";
import { digestsEqual, parseReprDigest, sha256 } from "../protocol/digest.ts";
import { ERROR_STATUS, type ErrorCode, errorBody } from "../protocol/error.ts";
import { decodePart, PART_MEDIA_TYPE } from "../protocol/part.ts";
import { trackFromJson } from "../protocol/track.ts";
import { crescendo } from "./test-io.ts";

/** The other end of the protocol, checked here request by request; the real edge meets the tool in test/e2e. */
class Receiver {
	created: CreateAssetRequest | undefined;
	completed: CompleteRequest | undefined;
	readonly samples = new Map<string, Sample[]>();
	readonly requests: string[] = [];
	readonly extras = new Map<string, Uint8Array<ArrayBuffer>>();
	/** Errors to answer with first. */
	readonly faults: ErrorCode[] = [];
	/** How many creations are done without their answer arriving. */
	lostAnswers = 0;
	/** `Idempotency-Key` of each creation. */
	readonly creationKeys: string[] = [];
	#server: Server | undefined;
	origin = "";
	/** Track and number of the parts that came, as they came. */
	readonly parts: string[] = [];
	/** Requests that were answered at the same time. */
	most = 0;
	#open = 0;
	/** Parts that must have come before any is answered. */
	together = 1;
	#arrived = 0;
	#wake = Promise.withResolvers<void>();

	async open(): Promise<void> {
		const server = createServer((request, response) => {
			this.most = Math.max(this.most, ++this.#open);
			void this.#answer(request).then(({ status, body }) => {
				if (status === 429) response.setHeader("retry-after", "0");
				this.#open -= 1;
				if (status === 201 && request.method === "POST" && this.lostAnswers-- > 0) {
					request.socket.destroy();
					return;
				}
				response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
			});
		});
		this.#server = server;
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		const server = this.#server;
		server?.closeAllConnections();
		await new Promise((resolve) => server?.close(resolve));
	}

	async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const bytes = Uint8Array.from(Buffer.concat(chunks));
		const { method = "", url = "", headers } = request;
		this.requests.push(`${method} ${url}`);
		if (headers.authorization !== "Bearer key") return refuse("unauthorized");
		if (method === "GET" && url === "/v1/assets/asset-1") {
			return this.created === undefined
				? refuse("not-found")
				: { status: 200, body: this.#asset(this.completed === undefined ? "uploading" : "complete") };
		}
		if (method === "POST" && url === "/v1/assets") {
			this.creationKeys.push(String(headers["idempotency-key"]));
			this.created = v.parse(CreateAssetRequest, JSON.parse(new TextDecoder().decode(bytes)));
			return { status: 201, body: this.#asset("uploading") };
		}
		const fault = this.faults.shift();
		if (fault !== undefined) return refuse(fault);
		const part = /^\/elsewhere\/([a-z0-9-]+)\/(\d+)$/.exec(url);
		if (method === "PUT" && part !== null && headers["content-type"] === PART_MEDIA_TYPE) {
			this.#arrived += 1;
			if (this.#arrived >= this.together) this.#wake.resolve();
			await this.#wake.promise;
			const digest = parseReprDigest(headers["repr-digest"] as string);
			if (digest === undefined || !digestsEqual(digest, await sha256(bytes))) return refuse("digest-mismatch");
			const [, track = "", number = ""] = part;
			this.parts.push(`${track}/${number}`);
			// Parts may arrive in any order.
			const samples = [...(this.samples.get(track) ?? []), ...decodePart(bytes)];
			this.samples.set(
				track,
				samples.sort((left, right) => left.timestamp - right.timestamp),
			);
			return { status: 201, body: { track: {} } };
		}
		const extra = /^\/v1\/assets\/asset-1\/(poster|storyboard)$/.exec(url);
		if (method === "PUT" && extra !== null) {
			this.extras.set(extra[1] ?? "", bytes);
			return { status: 201, body: {} };
		}
		if (method === "POST" && url === "/v1/assets/asset-1/complete") {
			this.completed = v.parse(CompleteRequest, JSON.parse(new TextDecoder().decode(bytes)));
			return { status: 200, body: this.#asset("complete") };
		}
		return refuse("not-found");
	}

	#asset(state: string) {
		const { origin } = this;
		const tracks = this.created?.tracks.map(({ id }) => {
			const has = (number: number) => this.parts.includes(`${id}/${number}`);
			const next = has(0) ? (has(1) ? 2 : 1) : 0;
			return { id, partsUrl: `${origin}/elsewhere/${id}/`, next, ahead: next === 0 && has(1) ? [1] : [] };
		});
		return { id: "asset-1", state, tracks, urls: { master: `${origin}/m`, watch: `${origin}/w` } };
	}
}

const refuse = (code: ErrorCode) => ({
	status: ERROR_STATUS[code],
	body: errorBody(code, "It is so.", "Do otherwise."),
});

const base = testSamples(6, 3, { seed: 1 });
const enhancement = testSamples(6, 3, { seed: 2 });
let folder = "";
let file = "";
let receiver: Receiver;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "crescendo-upload-"));
	file = join(folder, "two-layers.mp4");
	const writer = new FragmentedFileWriter([
		{ id: 1, track: avcTrack, timescale: 1_000_000 },
		{ id: 2, track: enhancementTrack, timescale: 1_000_000, references: [{ type: "sbas", trackIds: [1] }] },
	]);
	const fragments = [0, 3].flatMap((from) => [
		writer.fragment(1, base.slice(from, from + 3)),
		writer.fragment(2, enhancement.slice(from, from + 3)),
	]);
	await writeFile(file, concatenate([writer.header(), ...fragments]));
	receiver = new Receiver();
	await receiver.open();
});

afterEach(async () => {
	await receiver.close();
	await rm(folder, { recursive: true });
});

const upload = (token = "key", ...more: string[]) =>
	crescendo(["upload", file, "--endpoint", `${receiver.origin}/`, "--token", token, "--quiet", ...more]);

describe("upload", () => {
	it("creates the asset, sends every sample of every track, and completes", async () => {
		const { status, out, err } = await upload("key", "--json");
		expect([status, err]).toEqual([0, ""]);
		const { origin } = receiver;
		expect(JSON.parse(out)).toMatchObject({ id: "asset-1", urls: { master: `${origin}/m`, watch: `${origin}/w` } });
		expect(JSON.parse(out).bytesSent).toBeGreaterThan(0);
		expect(receiver.created).toMatchObject({ width: 640, height: 360, frameRate: 25, title: "two-layers.mp4" });
		expect(receiver.created?.tracks.map((track) => trackFromJson(track))).toEqual([avcTrack, enhancementTrack]);
		expect(receiver.samples).toEqual(
			new Map([
				["base", base],
				["q33-2", enhancement],
			]),
		);
		expect(receiver.completed).toEqual({
			tracks: [
				{ id: "base", parts: 2 },
				{ id: "q33-2", parts: 2 },
			],
		});
	});

	it("sends a part again when the edge was busy", async () => {
		receiver.faults.push("storage-unavailable", "rate-limited");
		expect((await upload()).status).toBe(0);
		expect(receiver.samples.get("base")).toEqual(base);
		expect(receiver.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(6);
	});

	it("comes again as often as the edge has no room, which is no failure", async () => {
		receiver.faults.push(...Array.from({ length: 6 }, () => "rate-limited" as const));
		expect((await upload("key", "--parallel", "1")).status).toBe(0);
		expect(receiver.samples.get("base")).toEqual(base);
	});

	it("asks again for an asset whose creation was not answered, as the same creation", async () => {
		receiver.lostAnswers = 2;
		expect((await upload()).status).toBe(0);
		expect(receiver.creationKeys).toHaveLength(3);
		expect(new Set(receiver.creationKeys).size).toBe(1);
		expect(receiver.creationKeys[0]).toMatch(/^[\w-]{36}$/);
		await upload("key", "--fresh");
		expect(new Set(receiver.creationKeys).size).toBe(2);
	});

	it("gives up at once when the edge refuses, in one line with status 2", async () => {
		receiver.faults.push("part-conflict");
		const { status, err } = await upload();
		expect([status, err]).toEqual([2, "crescendo upload: It is so. Do otherwise. (part-conflict)\n"]);
		expect(await upload("guess")).toMatchObject({ status: 2, err: expect.stringContaining("(unauthorized)") });
	});

	it("goes on where an interrupted upload stopped, and sends nothing twice", async () => {
		receiver.faults.push("part-conflict");
		expect((await upload("key", "--parallel", "1")).status).toBe(2);
		expect(receiver.parts).toEqual([]);
		receiver.parts.push("base/0", "q33-2/1");
		const { status, out } = await upload("key", "--json", "--parallel", "1");
		expect(status).toBe(0);
		expect(receiver.requests.filter((request) => request === "POST /v1/assets")).toHaveLength(1);
		expect(receiver.parts).toEqual(["base/0", "q33-2/1", "q33-2/0", "base/1"]);
		const told = JSON.parse(out) as { bytes: number; bytesSent: number };
		expect(told.bytesSent).toBeLessThan(told.bytes);
		// Complete: the next upload of the file is a new asset.
		receiver.parts.length = 0;
		expect((await upload()).status).toBe(0);
		expect(receiver.requests.filter((request) => request === "POST /v1/assets")).toHaveLength(2);
	});

	it("begins anew where it is told to, and where the file is another one", async () => {
		const creations = () => receiver.requests.filter((request) => request === "POST /v1/assets").length;
		receiver.faults.push("part-conflict");
		await upload("key", "--parallel", "1");
		expect((await upload("key", "--fresh")).status).toBe(0);
		expect(creations()).toBe(2);
		receiver.faults.push("part-conflict");
		await upload("key", "--parallel", "1");
		await utimes(file, 1, 1);
		expect((await upload()).status).toBe(0);
		expect(creations()).toBe(4);
		// Parts of another size: what the edge has under a number is not what would be sent under it.
		receiver.faults.push("part-conflict");
		await upload("key", "--parallel", "1");
		const state = JSON.parse(await readFile(`${file}.upload.json`, "utf8")) as { partBytes: number };
		await writeFile(`${file}.upload.json`, JSON.stringify({ ...state, partBytes: state.partBytes + 1 }));
		expect((await upload()).status).toBe(0);
		expect(creations()).toBe(6);
	});

	it("sends parts side by side, as many as it is told", async () => {
		expect((await upload("key", "--parallel", "1")).status).toBe(0);
		expect(receiver.most).toBe(1);
		// All four parts of the file are asked for before the first is answered.
		await receiver.close();
		receiver = new Receiver();
		receiver.together = 4;
		await receiver.open();
		expect((await upload("key", "--parallel", "4")).status).toBe(0);
		expect(receiver.most).toBe(4);
		expect((await upload("key", "--parallel", "x")).status).toBe(2);
		expect((await upload("key", "--parallel", "17")).err).toContain("--parallel must be an integer from 1 to 16");
	});

	it("has no more bytes under way than the edge has room for, however many lanes there are", async () => {
		const large = (samples: readonly Sample[]) =>
			samples.map((sample, index) => ({ ...sample, data: new Uint8Array(1.5 * 2 ** 20).fill(index + 1) }));
		const writer = new FragmentedFileWriter([
			{ id: 1, track: avcTrack, timescale: 1_000_000 },
			{ id: 2, track: enhancementTrack, timescale: 1_000_000, references: [{ type: "sbas", trackIds: [1] }] },
		]);
		const fragments = [writer.fragment(1, large(base)), writer.fragment(2, large(enhancement.slice(0, 1)))];
		await writeFile(file, concatenate([writer.header(), ...fragments]));
		receiver.together = 2;
		expect((await upload("key", "--parallel", "16")).status).toBe(0);
		expect(receiver.most).toBe(2);
		expect(receiver.samples.get("base")?.map(({ data }) => data[0])).toEqual([1, 2, 3, 4, 5, 6]);
	});

	it("says that nobody answers", async () => {
		await receiver.close();
		const { status, err } = await upload();
		expect([status, err]).toEqual([1, expect.stringContaining("did not answer")]);
		await receiver.open();
	});

	it("encodes any other video first, goes on without encoding again, and leaves nothing behind", async () => {
		const video = join(folder, "holiday.mov");
		// Somebody's own: it looks like what an older version made.
		const own = join(folder, "holiday.mov.crescendo.mp4");
		await writeFile(own, "not to be touched");
		const frames = "testsrc2=size=64x48:rate=4:duration=1";
		execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", frames, "-c:v", "libx264", video]);
		const send = (...more: string[]) =>
			crescendo(["upload", video, "--endpoint", receiver.origin, "--token", "key", "--q", "20", ...more]);
		receiver.faults.push("part-conflict");
		expect((await send("--quiet")).status).toBe(2);
		const made = join(folder, "holiday.mov.crescendo-upload.mp4");
		const before = await stat(made);
		receiver.faults.push("part-conflict");
		expect((await send("--quiet")).status).toBe(2);
		expect((await stat(made)).ino).toBe(before.ino);
		const { status, err } = await send();
		expect(status).toBe(0);
		expect(err).toContain("[########################] 100 %");
		expect(receiver.created).toMatchObject({ width: 64, height: 48, frameRate: 4, title: "holiday.mov" });
		expect([...receiver.samples].map(([track, samples]) => [track, samples.length])).toEqual([
			["base", 4],
			["q20-2", 4],
		]);
		const left = (await readdir(folder)).filter((name) => name.startsWith("holiday"));
		expect(left).toEqual(["holiday.mov", "holiday.mov.crescendo.mp4"]);
		expect(await readFile(own, "utf8")).toBe("not to be touched");
		// Both before the asset is complete: its page is made of them.
		expect(receiver.requests.slice(-3)).toEqual([
			"PUT /v1/assets/asset-1/poster",
			"PUT /v1/assets/asset-1/storyboard",
			"POST /v1/assets/asset-1/complete",
		]);
		const { poster = new Uint8Array(), storyboard = new Uint8Array() } = Object.fromEntries(receiver.extras);
		expect([...poster.slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
		expect(decodePart(storyboard)).toMatchObject([{ timestamp: 0, duration: 1_000_000, sync: true }]);
	});

	it("says what is wrong with a file that is no video", async () => {
		await writeFile(file, "This is not a video. ".repeat(100));
		expect(await upload()).toMatchObject({ status: 2, err: expect.stringMatching(/^crescendo upload: .+\n$/) });
		expect(
			await crescendo(["upload", join(folder, "none.mp4"), "--endpoint", receiver.origin, "--token", "key"]),
		).toMatchObject({ status: 2, err: expect.stringContaining("none.mp4") });
		expect(receiver.requests).toEqual([]);
	});
});
