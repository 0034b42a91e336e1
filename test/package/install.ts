import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../e2e/commands.ts";

const run = promisify(execFile);

/** What the published package says of itself, as far as this needs it. */
export interface Manifest {
	readonly name: string;
	readonly bin: Readonly<Record<string, string>>;
	readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
	readonly dependencies: Readonly<Record<string, string>>;
	readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** A project that has installed the published package, and nothing else. */
export interface Consumer {
	readonly folder: string;
	/** Every file of the package, and its size. */
	readonly files: ReadonlyMap<string, number>;
	readonly manifest: Manifest;
}

/**
 * Packs the package as `npm publish` would and lays it into a folder of its own, with the dependencies that it names and no
 * others: what works here only because the repository has more fails. Needs no network.
 */
export async function installPackage(): Promise<Consumer> {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-consumer-"));
	const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
		cwd: ROOT,
		maxBuffer: 16 * 2 ** 20,
	});
	// npm 11 answers with a list, later ones with a map by name.
	const answer: unknown = JSON.parse(stdout);
	const [packed] = Object.values(answer as object) as {
		readonly filename: string;
		readonly files: readonly { readonly path: string; readonly size: number }[];
	}[];
	if (packed === undefined) throw new Error(`npm pack printed ${stdout}`);
	const place = join(folder, "node_modules/crescendo-video");
	await mkdir(place, { recursive: true });
	await run("tar", ["-xzf", join(folder, packed.filename), "-C", place, "--strip-components=1"]);
	const manifest: Manifest = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
	for (const name of Object.keys(manifest.dependencies)) {
		const link = join(folder, "node_modules", name);
		await mkdir(dirname(link), { recursive: true });
		await symlink(join(ROOT, "node_modules", name), link, "dir");
	}
	return { folder, files: new Map(packed.files.map(({ path, size }) => [path, size])), manifest };
}
