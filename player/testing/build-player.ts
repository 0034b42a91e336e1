import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";

const root = join(import.meta.dirname, "../..");

/** What the player is made of; scripts and examples are not among it. */
const FOLDERS = ["codec", "player", "protocol"];
const FILES = ["package-lock.json"];
const BUILDS = join(root, "node_modules/.cache/crescendo-player");
/** Milliseconds. */
const DAY = 24 * 3600 * 1000;

/**
 * A folder with `player.js` and its chunks, built from the sources as they are. Many tests need it, so it is kept, under a name made from
 * what went into it, and used as long as that is the same. Not to be written to.
 */
export async function builtPlayer(): Promise<string> {
	const folder = join(BUILDS, await nameOfSources());
	if (await isThere(folder)) return folder;
	await mkdir(BUILDS, { recursive: true });
	await removeOld();
	const fresh = await mkdtemp(join(BUILDS, "unfinished-"));
	await buildPlayer(fresh);
	try {
		await rename(fresh, folder);
	} catch (error) {
		// Another process has built the same meanwhile.
		await rm(fresh, { recursive: true });
		if (!(await isThere(folder))) throw error;
	}
	return folder;
}

/** Builds of yesterday's sources. */
async function removeOld(): Promise<void> {
	for (const name of await readdir(BUILDS)) {
		const path = join(BUILDS, name);
		const info = await stat(path).catch(() => undefined);
		if (info && Date.now() - info.mtimeMs > DAY) await rm(path, { recursive: true, force: true });
	}
}

async function nameOfSources(): Promise<string> {
	const hash = createHash("sha256");
	const inFolders = FOLDERS.map(async (folder) => {
		const names = await readdir(join(root, folder), { recursive: true });
		return names
			.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
			.map((name) => join(folder, name));
	});
	for (const path of [...FILES, ...(await Promise.all(inFolders)).flat()].toSorted()) {
		hash.update(`${path}\n`).update(await readFile(join(root, path)));
	}
	return hash.digest("hex").slice(0, 16);
}

const isThere = (path: string): Promise<boolean> =>
	stat(path).then(
		() => true,
		() => false,
	);

/** Builds `player.js` and its chunks into a folder, as the site's build does, without the site. */
async function buildPlayer(folder: string): Promise<void> {
	await build({
		root,
		configFile: false,
		envFile: false,
		publicDir: false,
		logLevel: "error",
		base: "/",
		worker: { format: "es" },
		build: {
			outDir: folder,
			emptyOutDir: true,
			target: "es2023",
			minify: true,
			assetsInlineLimit: 0,
			modulePreload: false,
			rolldownOptions: {
				input: { player: join(root, "player/index.ts"), element: join(root, "player/element/define-video.ts") },
				preserveEntrySignatures: "exports-only",
				output: {
					entryFileNames: "[name].js",
					chunkFileNames: "assets/[name]-[hash].js",
					assetFileNames: "assets/[name]-[hash][extname]",
				},
			},
		},
	});
}
