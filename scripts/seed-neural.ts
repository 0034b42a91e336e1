import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where the build lists the models' objects, in the form of `wrangler r2 bulk put`. */
export const NEURAL_LIST = join(root, "dist/neural/list.json");

/** Runs wrangler; rejects where it fails. */
export type RunWrangler = (parameters: readonly string[]) => Promise<void>;

/**
 * Puts the models that were built into the store, unless they are there: names follow from the bytes, so what is there is right.
 * Answers whether anything had to be done.
 * @param at arguments that name the store
 * @param marker a file that remembers what a store on this machine holds
 */
export async function seedNeural(run: RunWrangler, at: readonly string[], marker?: string): Promise<boolean> {
	const list = await textOf(NEURAL_LIST);
	// Not built: the edge still serves its API.
	if (list === undefined) return false;
	if (marker !== undefined && (await textOf(marker)) === list) return false;
	await putNeural(run, NEURAL_LIST, at);
	if (marker !== undefined) await writeFile(marker, list);
	return true;
}

/** Puts what a list names into the store. */
export const putNeural = (run: RunWrangler, list: string, at: readonly string[]): Promise<void> =>
	run(["r2", "bulk", "put", "crescendo-media", "--filename", list, "--force", ...at]);

const textOf = (path: string): Promise<string | undefined> =>
	readFile(path, "utf8").catch((error: unknown) => {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
		throw error;
	});
