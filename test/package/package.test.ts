import { execFile } from "node:child_process";
import { access, constants, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../e2e/commands.ts";
import { type Consumer, installPackage } from "./install.ts";

const run = promisify(execFile);

let consumer: Consumer;
beforeAll(async () => {
	consumer = await installPackage();
	await writeFile(join(consumer.folder, "package.json"), JSON.stringify({ type: "module" }));
});
afterAll(() => rm(consumer.folder, { recursive: true }));

/** What each entry is known for. */
const ENTRIES = {
	sdk: ["createUpload", "UploadError"],
	player: ["CrescendoPlayerElement", "CrescendoVideoElement", "REASONS"],
	codec: ["CodecError", "EnhancementParser", "EnhancementReconstructor", "FragmentedFileReader"],
	edge: ["createEdgeClient"],
} as const;

const place = (): string => join(consumer.folder, "node_modules/crescendo-video");

describe("the published package", () => {
	it("holds what its manifest points to, licence and model, and nothing that only the repository needs", () => {
		const { exports, bin } = consumer.manifest;
		const files = [...consumer.files.keys()];
		const named = [...Object.values(exports).flatMap((entry) => Object.values(entry)), ...Object.values(bin)];
		expect(named.length).toBeGreaterThan(8);
		for (const path of named) expect(files).toContain(path.replace("./", ""));
		expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "models/crescendo-1/model.json"]));
		expect(files.filter((path) => /\.test\.|\/testing\/|^dist\/site\/|\.wasm$|(?<!\.d)\.ts$/.test(path))).toEqual(
			[],
		);
		// The machine's Node is the user's business; the runtime comes with onnxruntime's own package.
		expect(Object.keys(consumer.manifest.optionalDependencies)).toEqual(["onnxruntime-node"]);
		const bytes = [...consumer.files.values()].reduce((sum, size) => sum + size, 0);
		expect(bytes).toBeLessThan(8.5 * 2 ** 20);
	});

	it("names every package that it imports", async () => {
		// No page, no worker, no browser: what is imported on a server must not ask for one.
		const names = Object.keys(ENTRIES);
		const script = `const found = {};
			for (const name of ${JSON.stringify(names)}) found[name] = Object.keys(await import("crescendo-video/" + name));
			console.log(JSON.stringify(found));`;
		const parameters = ["--input-type=module", "--eval", script];
		const { stdout } = await run(process.execPath, parameters, { cwd: consumer.folder });
		const found: Record<string, string[]> = JSON.parse(stdout);
		for (const [name, exports] of Object.entries(ENTRIES)) {
			expect(found[name]).toEqual(expect.arrayContaining([...exports]));
		}
	});

	it("has a command line tool that runs and finds its files", async () => {
		const tool = join(place(), consumer.manifest.bin["crescendo"] ?? "");
		await access(tool, constants.X_OK);
		const { stdout } = await run(process.execPath, [tool, "--help"], { cwd: consumer.folder });
		expect(stdout).toContain("Usage: crescendo COMMAND");
		const work = (...parameters: string[]): Promise<{ stdout: string }> =>
			run(process.execPath, [tool, ...parameters, "--quiet"], { cwd: consumer.folder });
		const frame = Buffer.concat([Buffer.from("FRAME\n"), Buffer.alloc((32 * 32 * 3) / 2, 100)]);
		const clip = Buffer.concat([Buffer.from("YUV4MPEG2 W32 H32 F5:1 Ip C420jpeg\n"), frame, frame]);
		await writeFile(join(consumer.folder, "grey.y4m"), clip);
		await work("encode", "grey.y4m", "-o", "grey.mp4");
		expect(JSON.parse((await work("verify", "grey.mp4", "--json")).stdout)).toMatchObject({
			tracks: [{ frames: 2, different: 0 }],
		});
	});

	// Declarations of the edge's routes name Cloudflare's types, which whoever checks libraries too has to have.
	it.each([
		{ resolution: "nodenext", module: "nodenext", libraries: true, entries: ["sdk", "player", "codec"] },
		{ resolution: "bundler", module: "esnext", libraries: false, entries: ["sdk", "player", "codec", "edge"] },
	] as const)("has types for $resolution resolution: $entries", async (given) => {
		const { resolution, module, libraries, entries } = given;
		const imports = entries.map((name) => `import { ${ENTRIES[name].join(", ")} } from "crescendo-video/${name}";`);
		const uses = entries.flatMap((name) => ENTRIES[name]).join(", ");
		const right = `${imports.join("\n")}
			console.log(${uses});
			const upload = createUpload(new File([], "x"), { endpoint: "https://video.example.com", token: "t" });
			upload.addEventListener("progress", ({ detail }) => { const frames: number = detail.framesEncoded; console.log(frames); });
			const { asset } = await upload.done;
			const id: string = asset.id;
			const player = document.querySelector<CrescendoPlayerElement>("crescendo-player");
			console.log(id, player?.media.statistics.state);
		`;
		// Types that are `any` would let this pass too.
		const wrong = `import { createUpload } from "crescendo-video/sdk";
			createUpload(5, { endpoint: "https://video.example.com", token: "t" });
			const id: number = (await createUpload(new File([], "x"), { endpoint: "", token: "" }).done).asset.id;
			console.log(id);
		`;
		await writeFile(join(consumer.folder, "right.ts"), right);
		await writeFile(join(consumer.folder, "wrong.ts"), wrong);
		const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2023", "--types", ""];
		const platform = ["--lib", "es2024,dom,dom.iterable,dom.asynciterable"];
		const how = ["--module", module, "--moduleResolution", resolution, ...(libraries ? [] : ["--skipLibCheck"])];
		const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
		const complaints = await run(
			process.execPath,
			[tsc, ...strict, ...platform, ...how, "--pretty", "false", "right.ts", "wrong.ts"],
			{ cwd: consumer.folder },
		).then(
			() => "",
			(error: unknown) => (error as { stdout: string }).stdout,
		);
		const places = complaints.split("\n").flatMap((line) => /^\S+\(\d+/.exec(line)?.[0] ?? []);
		expect(places).toEqual(["wrong.ts(2", "wrong.ts(3"]);
	});
});
