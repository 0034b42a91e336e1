import { afterAll, beforeAll, expect, it } from "vitest";
import { testPictures } from "../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "./testing/fixture-stream.ts";
import { PlayerHarness, video } from "./testing/harness.ts";

let harness: PlayerHarness;

beforeAll(async () => {
	const { files } = await makeFixtureStream({
		...{ pictures: testPictures(64, 64, 50), frameRate: 25, segmentFrames: 25, qualities: [36] },
	});
	harness = await PlayerHarness.start({ mounts: { "/stream/": files }, frameRate: 25, browser: { webgpu: true } });
});
afterAll(() => harness.close());

it("the runtime for WebGPU is asked for again where its script, or its other file, is lost", async () => {
	// For its other file it asks once more by itself.
	const lost = [/\/ort\.[^/]*\.js$/, /\.wasm$/];
	harness.server.intercept = (path) => {
		if (!lost[0]?.test(path)) return undefined;
		lost.shift();
		return 503;
	};
	await harness.open(video('enhancement="force"').replace('backend="wasm"', 'backend="webgpu"'));
	await harness.element(async (v) => {
		await v.play();
		v.pause();
	});
	await harness.waitForDecoder("v");
	expect(lost).toEqual([]);
	expect((await harness.faults()).map(({ code, fatal }) => [code, fatal])).toEqual([["network", false]]);
	expect(await harness.element((v) => v.statistics.backend)).toContain("WebGPU");
});
