import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A digest of all that decides what our encoder writes: the sources of codec and tool, and the models. */
export async function codecVersion(root: string): Promise<string> {
	const hash = createHash("sha256");
	for (const folder of ["codec", "cli", "models"]) {
		const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
		const files = entries
			.filter((entry) => entry.isFile() && !/\.test\.ts$|\.md$/.test(entry.name))
			.map((entry) => join(entry.parentPath, entry.name))
			.toSorted();
		for (const file of files) hash.update(file.slice(root.length)).update(await readFile(file));
	}
	return hash.digest("hex").slice(0, 16);
}
