import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CrescendoVideoElement } from "./element/crescendo-video.ts";
import { makeFixtureStream } from "./testing/fixture-stream.ts";
import { PlayerHarness } from "./testing/harness.ts";
import { isBase, isEnhanced, look, stripedBars } from "./testing/striped-bars.ts";

/** The player in pages of others: the examples as they are in the repository, and a page of React's. */
const FRAME_RATE = 25;
const root = join(import.meta.dirname, "..");
const PATIENCE = { timeout: 180_000 };

describe("the player in a page", () => {
	let harness: PlayerHarness;

	beforeAll(async () => {
		const pictures = Array.from({ length: 20 }, (_, i) => stripedBars((i * 1e6) / FRAME_RATE));
		const { files } = await makeFixtureStream({
			...{ pictures, frameRate: FRAME_RATE, segmentFrames: 10, qualities: [60] },
		});
		harness = await PlayerHarness.start({ mounts: { "/stream/": files }, frameRate: FRAME_RATE });
	});

	afterAll(() => harness?.close());

	/** An example's page, with the address of this server for that of an edge. */
	const openExample = async (name: string) => {
		const html = await readFile(join(root, `examples/${name}/index.html`), "utf8");
		const { origin } = harness.server;
		harness.pages.set(`${name}.html`, new TextEncoder().encode(html.replaceAll("http://localhost:8787", origin)));
		await harness.open("", { context: { viewport: { width: 640, height: 700 } } });
		await harness.page.goto(`${origin}/pages/${name}.html?src=/stream/master.m3u8&enhancement=force&backend=wasm`);
	};

	it("compares base and enhancement of the same frame on the two sides of a line that can be dragged", async () => {
		await openExample("compare");
		const { page } = harness;
		const box = page.locator(".compare");
		const divider = page.locator(".divider");
		await page.getByText("Enhanced: 96 × 64.").waitFor();
		const sides = async () => {
			const clip = (await box.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
			const screen = await harness.screen(clip);
			return [20, 40, 56, 76].map((column) => {
				const shown = look(screen, column);
				return isBase(shown) ? "base" : isEnhanced(shown) ? "enhanced" : `contrast ${shown.contrast}`;
			});
		};
		/** From the middle of the line to a share of the width. */
		const drag = async (to: number) => {
			const { x, y, width, height } = (await box.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
			const from = Number(await divider.inputValue()) / 100;
			await page.mouse.move(x + from * width, y + height / 4);
			await page.mouse.down();
			await page.mouse.move(x + to * width, y + height / 4, { steps: 5 });
			await page.mouse.up();
		};
		await expect.poll(sides, PATIENCE).toEqual(["base", "base", "enhanced", "enhanced"]);
		await drag(0.3);
		await expect.poll(sides, PATIENCE).toEqual(["base", "enhanced", "enhanced", "enhanced"]);
		await drag(0.7);
		await expect.poll(sides, PATIENCE).toEqual(["base", "base", "base", "enhanced"]);
		await divider.focus();
		const before = Number(await divider.inputValue());
		await page.keyboard.press("ArrowLeft");
		expect(Number(await divider.inputValue())).toBeLessThan(before);
	});

	it("says in the page that there is no such video: the comparing example", async () => {
		const thrown: Error[] = [];
		harness.page.on("pageerror", (error) => thrown.push(error));
		await harness.page.goto(`${harness.server.origin}/pages/compare.html?src=/stream/none.m3u8`);
		const { page } = harness;
		await page.getByText("The video cannot be played: manifestLoadError.").waitFor();
		await page.getByRole("button", { name: "Play" }).click();
		// What a page does not catch is told by the time that a later promise of the same kind is rejected.
		expect(await page.$eval("crescendo-video", (v) => v.play().catch(({ name }) => [name, v.paused]))).toEqual([
			...["NotSupportedError", true],
		]);
		expect(await page.locator(".row").innerText()).toMatch(
			/^Play\s+The video cannot be played: manifestLoadError\.$/,
		);
		expect(thrown).toEqual([]);
	});

	it("says in the page what is shown: the embedding example", async () => {
		await openExample("embed");
		const { page } = harness;
		await page.$eval("crescendo-player", (p) => p.setAttribute("enhancement", "force"));
		await page.$eval("crescendo-player", (p) => p.setAttribute("backend", "wasm"));
		await page.$eval("crescendo-player", (p) => {
			p.media.muted = true;
			p.media.loop = true;
			return p.play();
		});
		await expect.poll(() => page.locator("#state").textContent(), PATIENCE).toBe("active");
	});

	it("works in React: attributes as props, events as handlers, gone with its component", async () => {
		const folder = await mkdtemp(join(tmpdir(), "crescendo-react-"));
		try {
			await writeFile(
				join(folder, "main.js"),
				`import { createElement, useState } from "react";
				import { createRoot } from "react-dom/client";
				function App() {
					const [state, setState] = useState("none");
					const [there, setThere] = useState(true);
					const video = createElement("crescendo-video", {
						id: "v", src: "/stream/master.m3u8", muted: true, loop: true, enhancement: "force", backend: "wasm",
						onenhancementchange: ({ detail }) => setState(detail.state),
					});
					return createElement("main", null, there && video, createElement("output", null, state),
						createElement("button", { onClick: () => setThere(false) }, "Close"));
				}
				createRoot(document.querySelector("#root")).render(createElement(App));`,
			);
			await build({
				...{ root: folder, configFile: false, envDir: false, publicDir: false, logLevel: "error" },
				define: { "process.env.NODE_ENV": '"production"' },
				resolve: {
					alias: ["react-dom", "react"].map((name) => ({
						find: new RegExp(`^${name}(?=/|$)`),
						replacement: join(root, "node_modules", name),
					})),
				},
				build: {
					outDir: join(folder, "dist"),
					lib: { entry: join(folder, "main.js"), formats: ["es"], fileName: () => "main.js" },
				},
			});
			harness.pages.set("react.js", await readFile(join(folder, "dist/main.js")));
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
		await harness.open(`<div id="root"></div><script type="module" src="/pages/react.js"></script>`);
		const { page } = harness;
		await page.waitForSelector("#v");
		await harness.element((v: CrescendoVideoElement) => v.play());
		await expect.poll(() => page.locator("output").textContent(), PATIENCE).toBe("active");
		expect(await harness.element((v) => [v.muted, v.loop, v.src.endsWith("/stream/master.m3u8")])).toEqual([
			true,
			true,
			true,
		]);
		await page.getByText("Close").click();
		await expect.poll(() => page.workers().length, PATIENCE).toBe(0);
	});
});
