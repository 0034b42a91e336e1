import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../testing/fixture-stream.ts";
import { PlayerHarness, video } from "../testing/harness.ts";

/** What `<crescendo-video>` does where something does not come, or cannot be played. */
const FRAME_RATE = 25;
const FRAMES = 30;

describe("loading that fails", () => {
	let harness: PlayerHarness;

	beforeAll(async () => {
		const { files } = await makeFixtureStream({
			...{ pictures: testPictures(48, 32, FRAMES), frameRate: FRAME_RATE, segmentFrames: 10, qualities: [36] },
		});
		// Two minutes in segments of 2 s, a picture a second.
		const slow = testPictures(48, 32, 120).map((picture, i) => ({ ...picture, timestamp: i * 1e6, duration: 1e6 }));
		const long = await makeFixtureStream({ frameRate: 1, segmentFrames: 2, pictures: slow, qualities: [] });
		const master = new TextDecoder().decode(files.get("master.m3u8"));
		const unknown = new TextEncoder().encode(master.replace(/CODECS="[^"]*"/, 'CODECS="xxxx"'));
		const segment = files.get("tracks/base/segments/0.m4s") ?? new Uint8Array();
		// All pictures of the first segment are noise.
		const pictures = Buffer.from(segment).indexOf("mdat") + 8;
		const noise = segment.map((byte, i) => (i < pictures ? byte : byte ^ 0x5a));
		const damaged = new Map(files).set("tracks/base/segments/0.m4s", noise);
		const mounts = {
			...{ "/stream/": files, "/long/": long.files, "/damaged/": damaged },
			"/unknown/": new Map(files).set("master.m3u8", unknown),
		};
		harness = await PlayerHarness.start({ mounts, frameRate: FRAME_RATE });
	});

	afterAll(() => harness?.close());
	afterEach(() => {
		harness.server.intercept = undefined;
		harness.server.requests.length = 0;
	});

	it("refuses what cannot be played: an event, an error, a rejected promise", async () => {
		await harness.open(`<crescendo-video id="v" muted></crescendo-video>`);
		const seen = await harness.element(async (v) => {
			let stream = "";
			try {
				v.srcObject = new MediaStream();
			} catch (error) {
				stream = (error as DOMException).name;
			}
			v.src = "/stream/none.m3u8";
			const failed = new Promise((resolve) => v.addEventListener("error", resolve, { once: true }));
			const rejection = await v.play().then(
				() => "played",
				(error: DOMException) => error.name,
			);
			await failed;
			return [
				stream,
				rejection,
				v.error?.code,
				v.canPlayType("application/vnd.apple.mpegurl"),
				v.canPlayType("a/b"),
			];
		});
		expect(seen).toEqual(["NotSupportedError", "NotSupportedError", 4, "maybe", ""]);
	});

	it("says what it cannot decode, and that it is that", async () => {
		for (const stream of ["unknown", "damaged"]) {
			await harness.open(video('enhancement="off"', `/${stream}/master.m3u8`));
			await harness.element((v) => void v.play().catch(() => undefined));
			await harness.until(() => document.querySelector("crescendo-video")?.error);
			const said = await harness.element(async (v) => {
				const { name } = await v.play().then(
					() => new Error("It plays."),
					(error: DOMException) => error,
				);
				return [v.error?.code, name];
			});
			expect([stream, ...said]).toEqual([stream, 3, "NotSupportedError"]);
		}
	});

	it("waits for a network that is gone for a while", async () => {
		let lost = 0;
		harness.server.intercept = (path) => {
			if (!/^\/long\/.*\/(?:[3-9]|\d\d)\.m4s$/.test(path) || lost >= 2) return undefined;
			lost++;
			// The connection is cut.
			throw new Error("lost");
		};
		await harness.open(
			`<crescendo-video id="v" muted enhancement="off" src="/long/master.m3u8"></crescendo-video>`,
		);
		await harness.element((v) => {
			v.addEventListener("error", () => v.setAttribute("data-failed", ""));
			return v.play();
		});
		await harness.until(() => {
			const v = document.querySelector("crescendo-video");
			return v && v.buffered.length > 0 && v.buffered.end(v.buffered.length - 1) >= 20;
		});
		expect(await harness.element((v) => [v.paused, v.hasAttribute("data-failed"), v.error])).toEqual([
			...[false, false, null],
		]);
		expect(lost).toBe(2);
	});

	it("says so when its script for HLS does not come, and asks for nothing more", async () => {
		harness.server.intercept = (path) => (/\/hls-[^/]*\.js$/.test(path) ? 404 : undefined);
		await harness.open(`<crescendo-video id="v" muted enhancement="off"></crescendo-video>`);
		const thrown: Error[] = [];
		harness.page.on("pageerror", (error) => thrown.push(error));
		await harness.element((v) => {
			v.addEventListener("error", () => v.setAttribute("data-failed", ""), { once: true });
			v.src = "/stream/master.m3u8";
		});
		await harness.until(() => document.querySelector("[data-failed]"));
		const seen = await harness.element(async (v) => {
			const rejection = await v.play().then(
				() => "played",
				(error: DOMException) => error.name,
			);
			return [v.error?.code, v.error?.message.startsWith("The script that plays"), rejection];
		});
		expect(seen).toEqual([4, true, "NotSupportedError"]);
		expect(thrown).toEqual([]);
	});

	it("plays the base when the scripts of enhancement and reports do not come, and says which is missed", async () => {
		harness.server.intercept = (path) => (/\/(?:enhancer|reporter)-[^/]*\.js$/.test(path) ? 404 : undefined);
		await harness.open(video('enhancement="force"'));
		const thrown: Error[] = [];
		harness.page.on("pageerror", (error) => thrown.push(error));
		await harness.element((v) => v.play());
		await harness.until(() => window.events.some(({ type }) => type === "enhancementerror"));
		const [fault] = await harness.faults();
		expect([fault?.["code"], fault?.["fatal"]]).toEqual(["backend-unavailable", true]);
		expect(fault?.["message"]).toMatch(/^The enhancement could not be begun: .+\.$/);
		const seen = await harness.element((v) => [v.enhancementState, v.enhancementReason, v.error]);
		expect(seen).toEqual(["failed", "backend-unavailable", null]);
		expect(harness.server.requests.some((path) => /\/reporter-/.test(path))).toBe(true);
		expect(thrown).toEqual([]);
	});
});
