import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Results that are expensive to compute, kept as JSON files outside version control and named by all they depend on. */
export class ResultCache {
	readonly #folder: string;

	/** `folder` is made when something is kept. */
	constructor(folder: string) {
		this.#folder = folder;
	}

	/** The kept result of `key`, or that of `compute`, which is then kept. */
	async get<T>(name: string, key: unknown, compute: () => Promise<T>): Promise<T> {
		const digest = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 16);
		const path = join(this.#folder, `${name}-${digest}.json`);
		const kept = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") return undefined;
			throw error;
		});
		if (kept !== undefined) return JSON.parse(kept) as T;
		const result = await compute();
		await mkdir(this.#folder, { recursive: true });
		// Written aside and renamed, so that a run that is stopped leaves no half result; under a name of its own, for there may be two runs.
		const aside = `${path}.${process.pid}.part`;
		await writeFile(aside, JSON.stringify(result));
		await rename(aside, path);
		return result;
	}
}
