import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** Where encoding and decoding begin. */
const ENTRIES = ["cli/encode.ts", "cli/decode.ts"];

/** Imports and re-exports of values, and imports that are evaluated late; paths of this tree only. */
const IMPORT = /(?:^(?:import|export)\s(?!type\b)[^;]*?\bfrom\s|\bimport\()\s*"(\.[^"]+)"/gm;

/**
 * A digest of all that decides what our encoder writes: the sources that encoding and decoding import, and the models. Measurements
 * outlive any other change.
 */
export async function codecVersion(root: string): Promise<string> {
	const hash = createHash("sha256");
	const sources = await importedBy(ENTRIES.map((entry) => join(root, entry)));
	const models = (await readdir(join(root, "models"), { recursive: true, withFileTypes: true }))
		.filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
		.map((entry) => join(entry.parentPath, entry.name));
	for (const file of [...sources, ...models].toSorted()) {
		hash.update(file.slice(root.length)).update(await readFile(file));
	}
	return hash.digest("hex").slice(0, 16);
}

/** The files and all that they import, directly or not. */
async function importedBy(files: readonly string[]): Promise<ReadonlySet<string>> {
	const found = new Set<string>();
	const waiting = [...files];
	for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
		if (found.has(file)) continue;
		found.add(file);
		if (!file.endsWith(".ts")) continue;
		for (const [, path] of (await readFile(file, "utf8")).matchAll(IMPORT)) {
			if (path !== undefined) waiting.push(resolve(dirname(file), path));
		}
	}
	return found;
}
