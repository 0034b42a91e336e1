import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** True where `stamp` is missing or older than any file in the folders and files of `sources`, tests aside. */
export async function isStale(stamp: string, root: string, sources: readonly string[]): Promise<boolean> {
	const built = await modified(stamp);
	if (built === undefined) return true;
	for (const source of sources) {
		const path = join(root, source);
		const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
		const files = entries
			.filter((e) => e.isFile() && !e.name.includes(".test."))
			.map((e) => join(e.parentPath, e.name));
		for (const file of [path, ...files]) if (((await modified(file)) ?? 0) > built) return true;
	}
	return false;
}

async function modified(path: string): Promise<number | undefined> {
	return stat(path).then(
		({ mtimeMs }) => mtimeMs,
		() => undefined,
	);
}
