import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Picture } from "../../codec/picture/picture.ts";
import { type Clip, drawnClip, realClip } from "./clips.ts";
import { crescendo } from "./commands.ts";
import { expectedPixels, psnrOfRows, readPictures, screenPixels, type Size } from "./pixels.ts";
import { type Stack, startStack } from "./stack.ts";
import { fetchAsset, writeAssetFile } from "./stored-asset.ts";
import { PATIENCE_MS, Viewer } from "./viewer.ts";

/** A clip that went through the command line tool and the edge. */
interface Uploaded {
	readonly clip: Clip;
	readonly id: string;
	/** Size of the base's pictures. */
	readonly base: Size;
	readonly basePath: string;
	readonly fullPath: string;
	readonly full: readonly Picture[];
}

let stack: Stack;
let uploaded: Uploaded[];

beforeAll(async () => {
	stack = await startStack();
	uploaded = [
		await take(await realClip(stack.folder, 2), uploadByStudio),
		await take(await drawnClip(stack.folder), uploadByTool),
	];
});
afterAll(() => stack.close());

/** Brings a clip to the edge, then decodes with the command line tool what the edge delivers: segments, not a file of ours. */
async function take(clip: Clip, upload: (clip: Clip) => Promise<string>): Promise<Uploaded> {
	const id = await upload(clip);
	const stored = `${clip.path}.stored.mp4`;
	await writeAssetFile(await fetchAsset(stack.edge.url, id), stored);
	const [basePath, fullPath] = [`${clip.path}.base.y4m`, `${clip.path}.full.y4m`];
	await crescendo("decode", stored, "--layer", "base", "-o", basePath);
	await crescendo("decode", stored, "--layer", "full", "-o", fullPath);
	const [first] = await readPictures(basePath);
	if (first === undefined) throw new Error("the base has no picture");
	const base = { width: first.width, height: first.height };
	return { clip, id, base, basePath, fullPath, full: await readPictures(fullPath) };
}

async function uploadByTool(clip: Clip): Promise<string> {
	const file = `${clip.path}.crescendo.mp4`;
	await crescendo("encode", clip.path, "-o", file, "--q", "32");
	const { url, apiKey } = stack.edge;
	const answer: { id: string } = JSON.parse(
		await crescendo("upload", file, "--endpoint", url, "--token", apiKey, "--json"),
	);
	return answer.id;
}

/** As a visitor does it: the SDK encodes both layers in the page, on WASM, and uploads them. */
async function uploadByStudio(clip: Clip): Promise<string> {
	const page = await stack.browser.newPage();
	page.setDefaultTimeout(PATIENCE_MS);
	await page.goto(stack.edge.url);
	await page.selectOption("#backend", "wasm");
	await page.setInputFiles("#file", clip.path);
	const frames = page.locator("#frames");
	await page.locator("#again:visible, #failure:visible").waitFor();
	const failure = await page.locator("#failure:visible").allInnerTexts();
	expect(failure).toEqual([]);
	expect(await frames.innerText()).toBe(`${clip.frames} of ${clip.frames}`);
	expect(await page.locator("#runs").innerText()).toContain("WASM");
	const watch = await page.locator("#watch").getAttribute("href");
	await page.close();
	return new URL(watch ?? "").pathname.split("/").at(-1) ?? "";
}

async function openPlayer(id: string): Promise<Viewer> {
	const viewer = new Viewer(await stack.browser.newPage({ viewport: { width: 800, height: 700 } }));
	await viewer.open(`${stack.edge.url}/watch/${id}`);
	return viewer;
}

/** `decibels`: how near the screen comes to the full picture at least; drawn edges differ by the scaler that enlarges them. */
const CASES = [
	{ index: 0, name: "a real clip, by the Studio", decibels: 30 },
	{ index: 1, name: "a drawn clip of odd size, by the command line tool", decibels: 24 },
];

describe.each(CASES)("$name, on the screen", ({ index, decibels }) => {
	it("shows on the canvas exactly the command line tool's picture of that frame", async () => {
		const { clip, id, full } = uploaded[index] as Uploaded;
		const viewer = await openPlayer(id);
		await viewer.set("debug", "");
		await viewer.set("enhancement", "force");
		await viewer.play();
		await viewer.until(({ currentTime }) => currentTime > 0.1);
		await viewer.pause();
		for (const frame of [0, 7, clip.frames - 2]) {
			await viewer.seek((frame + 0.5) / clip.frameRate);
			const captured = await viewer.captureAt(
				(timestamp) => Math.round((timestamp / 1e6) * clip.frameRate) === frame,
			);
			const expected = full[frame] as Picture;
			expect(captured.picture.width).toBe(clip.width);
			expect(captured.picture.height).toBe(clip.height);
			for (const plane of ["y", "u", "v"] as const) {
				expect(Buffer.compare(captured.picture[plane], expected[plane])).toBe(0);
			}
		}
		await viewer.page.close();
	});

	it("shows the base first and then, from pixels, the enhanced picture", async () => {
		const { clip, id, base, basePath, fullPath } = uploaded[index] as Uploaded;
		const viewer = await openPlayer(id);
		await viewer.set("enhancement", "off");
		await viewer.play();
		await viewer.until(({ currentTime }) => currentTime > 0.1);
		await viewer.pause();
		const frame = 5;
		await viewer.seek((frame + 0.5) / clip.frameRate);
		const area = await viewer.pictureArea(clip.width / clip.height);
		// The base of a picture whose sides are no multiples of 8 goes beyond its right and lower edge.
		const covered = { width: 4 * base.width, height: 4 * base.height };
		const expectedBase = await expectedPixels(basePath, frame, area, { picture: clip, covered });
		const expectedFull = await expectedPixels(fullPath, frame, area);
		const compare = async (): Promise<{ base: number; full: number }> => {
			const screen = await screenPixels(viewer.page, area, stack.folder);
			// The upper part only: controls lie over the lower.
			const psnr = (expected: Uint8Array): number => psnrOfRows(screen, expected, area, 0.15, 0.6);
			return { base: psnr(expectedBase), full: psnr(expectedFull) };
		};

		const before = await compare();
		expect((await viewer.observe()).state).toBe("base");
		expect(before.base).toBeGreaterThan(before.full + 3);

		await viewer.set("enhancement", "force");
		await viewer.until(({ state }) => state === "active");
		const after = await compare();
		expect(after.full).toBeGreaterThan(after.base + 3);
		expect(after.full).toBeGreaterThan(decibels);
		await viewer.page.close();
	});
});

it("upgrades in place during playback, the base first", async () => {
	const { id } = uploaded[0] as Uploaded;
	const viewer = await openPlayer(id);
	// Short as the clip is, loading the decoder would not be worth it: so it is insisted on, and the clip runs round.
	await viewer.set("enhancement", "force");
	await viewer.loop();
	await viewer.play();
	const seen = await viewer.until(({ state, firstEnhanced }) => state === "active" && firstEnhanced !== undefined);
	const states = seen.map(({ state }) => state);
	expect(states[0]).toBe("base");
	expect(states).toContain("loading");
	const { firstPicture, firstEnhanced } = seen.at(-1) ?? {};
	expect(firstPicture).toBeLessThan(firstEnhanced ?? 0);
	await viewer.page.close();
});
