import { execFileSync } from "node:child_process";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { build as buildByVite, minifySync } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import webpack from "webpack";
import { isStale } from "../scripts/staleness.ts";
import { findChromium, FLAGS, SOFTWARE_WEBGPU } from "./testing/browser.ts";
import { CORPUS } from "./testing/corpus.ts";
import { serveFiles } from "./testing/static-server.ts";
import type { StaticServer } from "./testing/static-server.ts";

/** The package as those who install it get it: built, bundled with their tools, and run. */
const SLOW = { timeout: 600_000 };

const root = resolve(import.meta.dirname, "..");

let folder: string;
let browser: Browser;

beforeAll(async () => {
	// The whole test run builds everything before; a single test builds what it needs.
	const sources = ["sdk", "codec", "protocol", "scripts/build.ts"];
	const needed = [
		...((await isStale(join(root, "dist/sdk/index.js"), root, sources)) ? ["sdk"] : []),
		...((await isStale(join(root, "dist/site/uploader.js"), root, sources)) ? ["site"] : []),
	];
	if (needed.length > 0) {
		execFileSync(process.execPath, [join(root, "scripts/build.ts"), ...needed], { cwd: root });
	}
	folder = mkdtempSync(join(tmpdir(), "crescendo-consumers-"));
	mkdirSync(join(folder, "videos"));
	CORPUS["moment.mp4"](join(folder, "videos"));
	browser = await chromium.launch({ executablePath: findChromium(), args: [...FLAGS, ...SOFTWARE_WEBGPU] });
});

afterAll(async () => {
	await browser?.close();
	rmSync(folder, { recursive: true, force: true });
});

/** A project that has the package installed. */
const project = (name: string, files: Readonly<Record<string, string>>): string => {
	const home = join(folder, name);
	mkdirSync(join(home, "node_modules"), { recursive: true });
	symlinkSync(root, join(home, "node_modules/crescendo-video"), "junction");
	for (const dependency of ["react", "react-dom"]) {
		symlinkSync(join(root, "node_modules", dependency), join(home, "node_modules", dependency), "junction");
	}
	for (const [file, text] of Object.entries(files)) {
		writeFileSync(join(home, file), text);
	}
	return home;
};

/** What an edge serves beside the protocol. */
const MODELS = { "/models/": join(root, "models") };

/** Samples of each track of the only asset, which is complete. */
const layersOf = ({ edge }: StaticServer): readonly (readonly [string, number])[] => {
	const asset = edge.only();
	return asset.completed ? [...asset.parts.keys()].map((track) => [track, asset.samples(track).length]) : [];
};

/** Base and enhancement, which only the worker with the model can have made. */
const WHOLE = [
	["base", 14],
	["e24", 14],
];

/** Opens a page, chooses a file in it, and waits until the edge has all of the video, which a worker of the page has sent. */
const chooseFile = async (address: string, server: StaticServer): Promise<void> => {
	const page = await browser.newPage();
	const errors: string[] = [];
	const workers: string[] = [];
	page.on("pageerror", ({ message }) => errors.push(message));
	page.on("worker", (worker) => workers.push(worker.url()));
	const isComplete = () => server.edge.assets.size > 0 && server.edge.only().completed;
	await page.goto(address);
	await page.locator("input[type=file]").setInputFiles(join(folder, "videos/moment.mp4"));
	await expect.poll(() => isComplete() || errors.length > 0, { timeout: 300_000 }).toBe(true);
	expect(errors).toEqual([]);
	expect(workers).not.toEqual([]);
	await page.locator("a[href*=watch]").waitFor({ state: "visible", timeout: 60_000 });
	await page.close();
};

/**
 * Opens the page once more and chooses WebGPU, until the networks are asked for, which are loaded once shaders compute: all that is in the
 * hands of whoever bundled it. What a software adapter computes would take minutes.
 */
const startWebGpu = async (address: string, server: StaticServer): Promise<void> => {
	const { order } = server;
	order.length = 0;
	const page = await browser.newPage();
	await page.goto(`${address}?backend=webgpu`);
	await page.locator("input[type=file]").setInputFiles(join(folder, "videos/moment.mp4"));
	await expect.poll(() => order.some((path) => path.endsWith(".onnx")), { timeout: 300_000 }).toBe(true);
	expect(order.filter((path) => path.endsWith(".wasm"))).toEqual([]);
	await page.close();
};

/** In a page of these tests: what its address asks for. */
const BACKEND = `new URLSearchParams(location.search).get("backend") ?? "wasm"`;

const MAIN = `
import { createUpload } from "crescendo-video/sdk";

document.querySelector("input").addEventListener("change", async ({ target }) => {
	const upload = createUpload(target.files[0], { endpoint: location.origin, token: "good", backend: ${BACKEND} });
	const { asset } = await upload.done;
	document.body.insertAdjacentHTML("beforeend", '<a href="' + asset.watchUrl + '">Watch it</a>');
});
`;

const PAGE = '<!doctype html><title>app</title><input type="file" /><script type="module" src="main.js"></script>';

describe("the package in other people's builds", () => {
	it("Vite: the React example is built, and uploads", SLOW, async () => {
		const home = project("vite", {});
		cpSync(join(root, "examples/react"), home, { recursive: true });
		const main = join(home, "main.jsx");
		// The edge of the test takes the token "good".
		const changed = readFileSync(main, "utf8")
			.replace(/endpoint: [^,]+,/, `endpoint: location.origin, backend: ${BACKEND},`)
			.replace(/token: async[\s\S]*?\n\t\},/, 'token: "good",');
		writeFileSync(main, changed);
		await buildByVite({
			...{ root: home, configFile: false, logLevel: "error", build: { outDir: "out", assetsInlineLimit: 0 } },
			worker: { format: "es" },
		});
		const server = await serveFiles({ "/": join(home, "out"), ...MODELS });
		try {
			await chooseFile(server.origin, server);
			expect(layersOf(server)).toEqual(WHOLE);
			await startWebGpu(server.origin, server);
		} finally {
			await server.close();
		}
	});

	it("webpack: without any setting", SLOW, async () => {
		const home = project("webpack", { "main.js": MAIN });
		mkdirSync(join(home, "out"));
		writeFileSync(join(home, "out/index.html"), PAGE.replace(' type="module" src', " defer src"));
		const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
			webpack(
				{
					...{ context: home, mode: "production", entry: "./main.js", output: { path: join(home, "out") } },
					...{ performance: { hints: false }, optimization: { minimize: false } },
				},
				(error, result) => (error ? reject(error) : resolve(result)),
			);
		});
		expect(stats?.toJson({ all: false, errors: true }).errors).toEqual([]);
		const server = await serveFiles({ "/": join(home, "out"), ...MODELS });
		try {
			await chooseFile(server.origin, server);
			expect(layersOf(server)).toEqual(WHOLE);
			await startWebGpu(server.origin, server);
		} finally {
			await server.close();
		}
	});

	it("a plain script tag: on a page of another origin, its worker from the edge's", SLOW, async () => {
		const edge = await serveFiles({ "/": join(root, "dist/site"), ...MODELS });
		const page = readFileSync(join(root, "examples/plain/index.html"), "utf8")
			.replaceAll("http://localhost:8787", edge.origin)
			.replace(
				"</body>",
				// A module: it runs once the element is defined.
				`<script type="module">document.querySelector("crescendo-uploader").options = { backend: ${BACKEND} };</script></body>`,
			);
		const site = await serveFiles({}, { "/": page, "/upload-token": '{"token":"good"}' });
		try {
			await chooseFile(site.origin, edge);
			expect(layersOf(edge)).toEqual(WHOLE);
			await startWebGpu(site.origin, edge);
		} finally {
			await site.close();
			await edge.close();
		}
	});

	it("a worker of one's own: the headless entry works right there", SLOW, async () => {
		const worker = `
			import { createUpload } from "crescendo-video/sdk/headless";
			onmessage = ({ data: { file, backend } }) => createUpload(file, { endpoint: location.origin, token: "good", backend })
				.done.then(({ asset }) => postMessage(asset.watchUrl), (error) => postMessage("failed: " + error.message));
		`;
		const main = `
			const worker = new Worker(new URL("./own-worker.js", import.meta.url), { type: "module" });
			worker.onmessage = ({ data }) => document.body.insertAdjacentHTML("beforeend", '<a href="' + data + '">Watch it</a>');
			document.querySelector("input").addEventListener("change", ({ target }) =>
				worker.postMessage({ file: target.files[0], backend: ${BACKEND} }));
		`;
		const home = project("headless", {
			"index.html": PAGE.replace('"main.js"', '"./main.js"'),
			"main.js": main,
			"own-worker.js": worker,
		});
		await buildByVite({
			...{ root: home, configFile: false, logLevel: "error", build: { outDir: "out", assetsInlineLimit: 0 } },
			worker: { format: "es" },
		});
		const server = await serveFiles({ "/": join(home, "out"), ...MODELS });
		try {
			await chooseFile(server.origin, server);
			expect(layersOf(server)).toEqual(WHOLE);
			await startWebGpu(server.origin, server);
		} finally {
			await server.close();
		}
	});
});

/** What a page loads before anybody chooses a file, kilobytes; the rest comes with the first upload. */
const BUDGETS = { "headless.js": 7, "index.js": 11 } as const;

/** Bytes of files of the package as they go over the wire: minified, as every bundler does, and compressed. */
const onTheWire = (files: Iterable<string>): number =>
	[...files].reduce((sum, file) => {
		const { code } = minifySync(file, readFileSync(join(root, "dist/sdk", file), "utf8"), { module: true });
		return sum + gzipSync(code).length;
	}, 0);

describe("the size of the package", () => {
	it.each(Object.entries(BUDGETS))("%s loads less than %i kB", (entry, kilobytes) => {
		const dist = join(root, "dist/sdk");
		const seen = new Set<string>();
		const load = (file: string): void => {
			if (!seen.has(file)) {
				seen.add(file);
				for (const [, imported] of readFileSync(join(dist, file), "utf8").matchAll(
					/^(?:import|export)[^;]*?from "\.\/([^"]+)"/gm,
				)) {
					load(imported ?? "");
				}
			}
		};
		load(entry);
		expect(onTheWire(seen)).toBeLessThan(1000 * kilobytes);
		// Not a single one of the packages: those are the worker's.
		const packages = [...seen].flatMap((file) => [
			...readFileSync(join(dist, file), "utf8").matchAll(/^import .* from "([^."][^"]*)"/gm),
		]);
		expect(packages.map(([, name]) => name)).toEqual([]);
	});

	it("all of it, the worker included, stays within 112 kB, without its packages", () => {
		const dist = join(root, "dist/sdk");
		expect(existsSync(join(dist, "worker.js"))).toBe(true);
		const files = readdirSync(dist).filter((file) => file.endsWith(".js"));
		expect(onTheWire(files)).toBeLessThan(112_000);
	});
});
