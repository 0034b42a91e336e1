import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isStale } from "./staleness.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Everything that ends up in `dist/`. */
const SOURCES = [
	"codec",
	"protocol",
	"sdk",
	"player",
	"edge",
	"cli",
	"examples",
	"models",
	"scripts",
	"package-lock.json",
	"tsconfig.json",
];

/**
 * Builds `dist/` where it is missing or older than its sources.
 * @throws Error where the build fails, with what it printed
 */
export async function buildIfStale(signal?: AbortSignal): Promise<void> {
	if (!(await isStale(join(root, "dist/.built"), root, SOURCES))) return;
	console.log("building");
	await promisify(execFile)(process.execPath, [join(root, "scripts/build.ts")], {
		cwd: root,
		...(signal && { signal }),
	}).catch((error: unknown) => {
		const printed = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
		throw new Error(`the build failed\n${printed.trim()}`, { cause: error });
	});
}
