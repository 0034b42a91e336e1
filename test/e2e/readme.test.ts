import { execFile } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Consumer, installPackage } from "../package/install.ts";
import { type Clip, realClip } from "./clips.ts";
import { ffmpeg, ROOT } from "./commands.ts";
import { exampleOf } from "./readme.ts";
import { type Stack, startStack } from "./stack.ts";
import { fetchAsset } from "./stored-asset.ts";
import { PATIENCE_MS, Viewer } from "./viewer.ts";

const run = promisify(execFile);

let stack: Stack;
let consumer: Consumer;
let site: Server;
/** Where the pages of the examples are: another origin than the edge's. */
let origin: string;
let clip: Clip;

beforeAll(async () => {
	stack = await startStack();
	consumer = await installPackage();
	await writeFile(join(consumer.folder, "package.json"), JSON.stringify({ type: "module" }));
	await mkdir(join(consumer.folder, "public"));
	clip = await realClip(stack.folder, 2);
	site = createServer((request, response) => {
		const path = new URL(request.url ?? "/", "http://localhost").pathname;
		const respond = async (): Promise<void> => {
			if (path === "/my-server/upload-token") {
				response.end(await uploadToken());
				return;
			}
			const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };
			const body = await readFile(join(consumer.folder, "public", path));
			response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream");
			response.end(body);
		};
		respond().catch((error: unknown) => response.writeHead(404).end(String(error)));
	});
	await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
	const address = site.address();
	if (address === null || typeof address === "string") throw new Error("no port");
	origin = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
	site?.closeAllConnections();
	site?.close();
	await stack?.close();
	if (consumer !== undefined) await rm(consumer.folder, { recursive: true });
});

/** An example with this machine's addresses in place of those that stand for them. */
function filledIn(code: string, id = ""): string {
	return code
		.replaceAll("https://video.example.com", stack.edge.url)
		.replaceAll("https://www.example.com", origin)
		.replaceAll("assets/ID/", `assets/${id}/`)
		.replaceAll("embed/ID", `embed/${id}`);
}

/** What the reader's server does: the second example under "Upload". */
async function uploadToken(): Promise<string> {
	const [, server = ""] = await exampleOf("Upload", "ts");
	const file = join(consumer.folder, "server.mjs");
	await writeFile(file, `${filledIn(server)}\nconsole.log(token);\n`);
	const environment = { ...process.env, CRESCENDO_API_KEY: stack.edge.apiKey };
	return (await run(process.execPath, [file], { env: environment })).stdout.trim();
}

it("uploads from a shell, and embeds that video in a page of another origin, by a script tag and by a frame", async () => {
	const [commands = ""] = await exampleOf("Upload", "sh");
	const bin = join(consumer.folder, "node_modules/.bin");
	await mkdir(bin);
	await symlink(join("../crescendo-video", consumer.manifest.bin["crescendo"] ?? ""), join(bin, "crescendo"));
	await ffmpeg("-i", clip.path, "-c", "copy", join(consumer.folder, "in.mov"));
	const { stdout } = await run("sh", ["-ec", filledIn(commands)], {
		cwd: consumer.folder,
		env: {
			...process.env,
			PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
			CRESCENDO_API_KEY: stack.edge.apiKey,
		},
	});
	const id = /\/watch\/([\w-]+)/.exec(stdout)?.[1] ?? "";
	expect(id).not.toBe("");

	const [page = ""] = await exampleOf("Embed", "html");
	await writeFile(join(consumer.folder, "public/embed.html"), filledIn(page, id));
	const viewer = new Viewer(await stack.browser.newPage({ viewport: { width: 800, height: 700 } }));
	await viewer.open(`${origin}/embed.html`);
	await viewer.set("enhancement", "force");
	await viewer.loop();
	await viewer.play();
	await viewer.until(({ state, firstEnhanced }) => state === "active" && firstEnhanced !== undefined);
	await viewer.page.close();

	const [frame = ""] = /<iframe[^>]*>/.exec(await readFile(join(ROOT, "README.md"), "utf8")) ?? [];
	await writeFile(join(consumer.folder, "public/frame.html"), `<!doctype html>${filledIn(frame, id)}</iframe>`);
	const outer = await stack.browser.newPage();
	await outer.goto(`${origin}/frame.html`);
	const inner = outer.frameLocator("iframe").locator("crescendo-player");
	await inner.waitFor({ timeout: PATIENCE_MS });
	const duration = await inner.evaluate(async (element) => {
		const { media } = element as HTMLElement & { media: HTMLMediaElement };
		media.muted = true;
		await media.play();
		return media.duration;
	});
	expect(duration).toBeCloseTo(clip.frames / clip.frameRate, 1);
	await outer.close();
});

it("uploads from a page that a bundler made, with the token of a server", async () => {
	const [upload = ""] = await exampleOf("Upload", "ts");
	const main = `const input = document.querySelector("input");
		await new Promise((resolve) => input.addEventListener("change", resolve, { once: true }));
		${filledIn(upload)}
		document.title = asset.id;`;
	await writeFile(join(consumer.folder, "main.ts"), main);
	await writeFile(
		join(consumer.folder, "upload.html"),
		'<!doctype html><title></title><input type="file"><script type="module" src="./main.ts"></script>',
	);
	await build({
		root: consumer.folder,
		configFile: false,
		envDir: false,
		publicDir: false,
		logLevel: "error",
		build: {
			target: "es2023",
			outDir: "public",
			emptyOutDir: false,
			rolldownOptions: { input: join(consumer.folder, "upload.html") },
		},
	});
	const page = await stack.browser.newPage();
	const failures: string[] = [];
	page.on("pageerror", (error) => failures.push(error.message));
	await page.goto(`${origin}/upload.html`);
	await page.setInputFiles("input", clip.path);
	await page.waitForFunction(() => document.title !== "", undefined, { polling: 100, timeout: PATIENCE_MS });
	expect(failures).toEqual([]);
	const asset = await fetchAsset(stack.edge.url, await page.title());
	expect(asset.base.segments.flatMap(({ samples }) => samples).length).toBe(clip.frames);
	await page.close();
});
