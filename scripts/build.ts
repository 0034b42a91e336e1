import { execFile } from "node:child_process";
import { chmod, cp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type InlineConfig, type Plugin } from "vite";
import { openApiDocument } from "../edge/openapi/document.ts";
import { NEURAL_FOLDERS_PATH, type NeuralFolders } from "../protocol/neural.ts";
import { readNeuralFolder, writeNeuralFiles } from "./neural-files.ts";
import { NEURAL_LIST } from "./seed-neural.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const site = join(dist, "site");

/** Workers serve no static file larger than this. */
const LARGEST_FILE = 25 * 2 ** 20;

/** Where the entry of each library is; the command line tool is one more, with a shebang. */
const LIBRARIES = {
	codec: "codec/index.ts",
	sdk: "sdk/index.ts",
	player: "player/index.ts",
	edge: "edge/index.ts",
	cli: "cli/crescendo.ts",
} as const;

/** Pages of the site: source and address. */
const PAGES = {
	studio: { source: "examples/studio/index.html", address: "index.html" },
	watch: { source: "player/pages/watch.html", address: "watch.html" },
	embed: { source: "player/pages/embed.html", address: "embed.html" },
	admin: { source: "edge/admin/admin.html", address: "admin.html" },
} as const;

const MODEL = "crescendo-1";

const shared: InlineConfig = {
	root,
	configFile: false,
	envDir: false,
	publicDir: false,
	logLevel: "warn",
	worker: { format: "es" },
};

/**
 * The SDK's worker is a file beside the entry. `new Worker(new URL("./worker.js", import.meta.url), ...)` is the one form that all bundlers
 * of those who install the package know; Vite itself would write another.
 */
const nameWorker: Plugin = {
	name: "name-worker",
	enforce: "pre",
	transform: (_code, id) =>
		id.endsWith("/sdk/worker/default-worker.ts")
			? {
					code: 'export const defaultWorker = () => new Worker(SDK_WORKER, { type: "module", name: "crescendo-upload" });',
					map: null,
				}
			: undefined,
	renderChunk: (code) =>
		code.includes("SDK_WORKER")
			? { code: code.replaceAll("SDK_WORKER", 'new URL("./worker.js", import.meta.url)'), map: null }
			: undefined,
};

/** Further entries of a library, by name of the file. */
const MORE_ENTRIES: Partial<Record<keyof typeof LIBRARIES, Record<string, string>>> = {
	sdk: { headless: "sdk/headless.ts", worker: "sdk/worker.ts" },
};

/** Packages stay imports in the libraries: whoever installs this one has them. */
const isPackage = (id: string): boolean =>
	/^[a-z@]/i.test(id) && !/^[a-z]:[\\/]/i.test(id) && !id.includes("?") && !id.startsWith("@vite");

async function buildLibrary(name: keyof typeof LIBRARIES): Promise<void> {
	const forNode = name === "cli";
	const external = (id: string): boolean => isPackage(id) || id.startsWith("node:") || builtinModules.includes(id);
	const fileName = forNode ? "crescendo" : "index";
	const entry = { [fileName]: LIBRARIES[name], ...MORE_ENTRIES[name] };
	await build({
		...shared,
		base: "./",
		plugins: name === "sdk" ? [nameWorker] : [],
		...(forNode ? { ssr: { target: "node", noExternal: [/^\./] } } : {}),
		worker: { ...shared.worker, rolldownOptions: { external } },
		build: {
			outDir: join(dist, name),
			emptyOutDir: true,
			target: "es2023",
			minify: false,
			sourcemap: true,
			...(forNode ? { ssr: LIBRARIES[name] } : { lib: { entry, formats: ["es"] } }),
			rolldownOptions: {
				external,
				output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
			},
		},
	});
	if (forNode) await chmod(join(dist, name, `${fileName}.js`), 0o755);
}

/** Declarations of everything that has an entry, tests aside. */
async function buildTypes(): Promise<void> {
	for (const project of ["scripts/tsconfig.types.json", "scripts/tsconfig.types-edge.json"]) {
		await promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", join(root, project)]).catch(
			(error: unknown) => {
				const output = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
				throw new Error(`the declarations of ${project} do not compile\n${output}`, { cause: error });
			},
		);
	}
}

/** The pages, the player's one script and the sample: everything that the Worker serves as files; and what it serves from the store. */
async function buildSite(): Promise<void> {
	const neural = await buildNeural();
	const input = Object.fromEntries(Object.entries(PAGES).map(([name, { source }]) => [name, join(root, source)]));
	await build({
		...shared,
		base: "/",
		plugins: [nameNeuralFolders(neural)],
		build: {
			outDir: site,
			emptyOutDir: true,
			target: "es2023",
			assetsInlineLimit: 0,
			// The player runs on other sites' pages, where preload hints of "/assets/..." would miss.
			modulePreload: false,
			chunkSizeWarningLimit: 700,
			rolldownOptions: {
				input: { ...input, player: join(root, LIBRARIES.player), uploader: join(root, "sdk/uploader.ts") },
				preserveEntrySignatures: "exports-only",
				output: {
					entryFileNames: ({ name }) =>
						name === "player" || name === "uploader" ? `${name}.js` : "assets/[name]-[hash].js",
					chunkFileNames: "assets/[name]-[hash].js",
					assetFileNames: "assets/[name]-[hash][extname]",
				},
			},
		},
	});
	for (const { source, address } of Object.values(PAGES)) await rename(join(site, source), join(site, address));
	for (const folder of new Set(Object.values(PAGES).map(({ source }) => source.split("/")[0] ?? source))) {
		await rm(join(site, folder), { recursive: true });
	}
	await writeFile(join(site, NEURAL_FOLDERS_PATH), JSON.stringify(neural));
	await writeFile(join(site, "openapi.json"), JSON.stringify(openApiDocument()));
	await cp(join(root, "examples/sample"), join(site, "sample"), { recursive: true });
	await writeFile(join(site, "_headers"), HEADERS);
	await refuseLargeFiles(site);
}

/** Models, for the store: named by their content, and compressed once. Answers each folder's hash. */
async function buildNeural(): Promise<NeuralFolders> {
	const model = await readNeuralFolder(`/models/${MODEL}/`, join(root, "models", MODEL));
	const { list, current } = await writeNeuralFiles(
		[model],
		join(dist, "neural"),
		join(root, "node_modules/.cache/crescendo-video"),
	);
	const fromRoot = list.map(({ key, file }) => ({ key, file: relative(root, file) }));
	await writeFile(NEURAL_LIST, JSON.stringify(fromRoot, undefined, "\t"));
	return current;
}

/**
 * The site's player asks for the model under the address that names its content, without a detour over the stable one: what it loads
 * belongs together whatever is deployed meanwhile.
 */
const nameNeuralFolders = ({ folders }: NeuralFolders): Plugin => {
	const toName = new Map(Object.entries(folders));
	return {
		name: "name-neural-folders",
		enforce: "pre",
		transform(code, id) {
			if (!id.endsWith("/player/element/model-folder.ts")) return undefined;
			let named = code;
			for (const [address, hash] of toName) {
				if (!named.includes(`"${address}"`)) continue;
				named = named.replaceAll(`"${address}"`, `"${address}${hash}/"`);
				toName.delete(address);
			}
			return { code: named, map: null };
		},
		buildEnd(error) {
			if (error === undefined && toName.size > 0)
				throw new Error(`the player does not name ${[...toName.keys()].join(", ")} any more`);
		},
	};
};

// The player and its workers are loaded by pages of other origins. Names with a hash never change their content; the
// others are revalidated by ETag, which is what Workers do without a rule.
const HEADERS = `/player.js
  Access-Control-Allow-Origin: *
/uploader.js
  Access-Control-Allow-Origin: *
/assets/*
  Access-Control-Allow-Origin: *
  Cache-Control: public, max-age=31536000, immutable
`;

async function refuseLargeFiles(folder: string): Promise<void> {
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		if (!entry.isFile()) continue;
		const path = join(entry.parentPath, entry.name);
		const { size } = await stat(path);
		if (size >= LARGEST_FILE) throw new Error(`${path} has ${size} bytes, more than a Worker serves`);
	}
}

async function main(wanted: readonly string[]): Promise<void> {
	const steps: Record<string, () => Promise<void>> = {
		...Object.fromEntries(
			(Object.keys(LIBRARIES) as (keyof typeof LIBRARIES)[]).map((name) => [name, () => buildLibrary(name)]),
		),
		site: buildSite,
		types: buildTypes,
	};
	const names = wanted.length === 0 ? Object.keys(steps) : wanted;
	const begun = new Date();
	for (const name of names) {
		const step = steps[name];
		if (step === undefined)
			throw new Error(`nothing named ${name} to build; there is ${Object.keys(steps).join(", ")}`);
		const start = performance.now();
		await step();
		console.log(`built ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
	}
	if (wanted.length > 0) return;
	// The stamp of a whole build bears the time of its beginning: what changed meanwhile is newer.
	await writeFile(join(dist, ".built"), "");
	await utimes(join(dist, ".built"), begun, begun);
}

await main(process.argv.slice(2));
