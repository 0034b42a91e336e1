import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The folder of the repository. */
export const ROOT = root;

/** Runs ffmpeg; its error output becomes the error. */
export async function ffmpeg(...parameters: string[]): Promise<Buffer> {
	const { stdout } = await run("ffmpeg", ["-v", "error", "-y", ...parameters], {
		encoding: "buffer",
		maxBuffer: 256 * 2 ** 20,
	});
	return stdout;
}

/** Runs the command line tool as it is installed. */
export async function crescendo(...parameters: string[]): Promise<string> {
	const { stdout } = await run(process.execPath, [`${root}dist/cli/crescendo.js`, ...parameters], {
		maxBuffer: 64 * 2 ** 20,
	});
	return stdout;
}
