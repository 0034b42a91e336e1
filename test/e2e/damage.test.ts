import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnhancementError } from "../../player/classes.ts";
import { type Clip, realClip } from "./clips.ts";
import { crescendo } from "./commands.ts";
import { type Damage, flipBits, otherBase, otherModel, truncate } from "./damage.ts";
import { expectedPixels, psnrOfRows, screenPixels } from "./pixels.ts";
import { type Stack, startStack } from "./stack.ts";
import { fetchAsset, type StoredTrack } from "./stored-asset.ts";
import { PATIENCE_MS, Viewer } from "./viewer.ts";

let stack: Stack;
let clip: Clip;
let id: string;
let enhancement: StoredTrack;
let basePath: string;

beforeAll(async () => {
	stack = await startStack();
	clip = await realClip(stack.folder, 4);
	const file = `${clip.path}.crescendo.mp4`;
	basePath = `${clip.path}.base.y4m`;
	await crescendo("encode", clip.path, "-o", file, "--q", "32");
	await crescendo("decode", file, "--layer", "base", "-o", basePath);
	const { url, apiKey } = stack.edge;
	({ id } = JSON.parse(await crescendo("upload", file, "--endpoint", url, "--token", apiKey, "--json")) as {
		id: string;
	});
	enhancement = (await fetchAsset(url, id)).enhancements[0] as StoredTrack;
});
afterAll(() => stack.close());

const kinds: { name: string; file: RegExp; damage: Damage; codes: string[] }[] = [
	{ name: "truncated segments", file: /\.m4s$/, damage: truncate, codes: ["invalid-file", "damaged-sample"] },
	{ name: "flipped bits", file: /\.m4s$/, damage: flipBits, codes: ["damaged-sample"] },
	{ name: "another model", file: /init\.mp4$/, damage: otherModel, codes: ["model-mismatch"] },
	{ name: "another base", file: /\.m4s$/, damage: otherBase, codes: ["base-mismatch"] },
];

describe("damaged enhancement data", () => {
	it.each(kinds)("$name: the base plays on and the reason is a code", async ({ file, damage, codes }) => {
		const page = await stack.browser.newPage({ viewport: { width: 800, height: 700 } });
		const folder = new URL(".", new URL("..", enhancement.segments[0]?.url)).href;
		let damaged = 0;
		await page.route(
			(url) => url.href.startsWith(folder) && file.test(url.pathname),
			async (route) => {
				const response = await route.fetch();
				damaged++;
				const body = Buffer.from(damage(await response.body(), enhancement));
				await route.fulfill({
					status: 200,
					contentType: "video/mp4",
					headers: { "access-control-allow-origin": "*" },
					body,
				});
			},
		);
		const viewer = new Viewer(page);
		await viewer.open(`${stack.edge.url}/watch/${id}?loop=false`);
		await page.evaluate(() => {
			const errors: string[] = [];
			Object.assign(globalThis, { errors });
			document.addEventListener(
				"enhancementerror",
				(event) => errors.push((event as CustomEvent<EnhancementError>).detail.code),
				{ capture: true },
			);
			document
				.querySelector("crescendo-player")
				?.addEventListener("enhancementerror", (event) =>
					errors.push((event as CustomEvent<EnhancementError>).detail.code),
				);
		});
		await viewer.set("enhancement", "force");
		await viewer.play();
		const errors = (): Promise<string[]> =>
			page.evaluate(() => (globalThis as unknown as { errors: string[] }).errors);

		// The video may be over before the decoder is loaded: the error counts, whenever it comes.
		const seen = await viewer.until(({ ended }) => ended);
		for (const end = Date.now() + PATIENCE_MS; (await errors()).length === 0 && Date.now() < end;) {
			await new Promise((wake) => setTimeout(wake, 100));
		}
		expect(damaged).toBeGreaterThan(0);
		const [first] = await errors();
		expect(codes).toContain(first);
		expect(seen.every(({ state }) => state !== "active")).toBe(true);

		// Nothing of the damage is on the screen: it is the base, to the end.
		const last = clip.frames - 1;
		await viewer.seek((last + 0.5) / clip.frameRate);
		const area = await viewer.pictureArea(clip.width / clip.height);
		const screen = await screenPixels(page, area, stack.folder);
		const base = await expectedPixels(basePath, last, area);
		expect(psnrOfRows(screen, base, area, 0.15, 0.6)).toBeGreaterThan(30);
		await page.close();
	});
});
