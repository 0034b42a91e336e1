import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { LocalEdge } from "./local-edge.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Both layers of the sample video, made by `npm run sample`. */
export const ENCODED_SAMPLE = join(root, "examples/sample/bunny-crescendo.mp4");

/**
 * Uploads the encoded sample through the upload protocol where the edge has no asset yet, so that there is something to
 * watch at once. Answers whether it did.
 * @throws Error where the edge refuses the list or the upload
 */
export async function seedIfEmpty(edge: LocalEdge, signal?: AbortSignal): Promise<boolean> {
	const response = await fetch(`${edge.url}/v1/assets?limit=1`, {
		headers: { Authorization: `Bearer ${edge.apiKey}` },
	});
	if (!response.ok) throw new Error(`the edge does not list its assets: ${response.status} ${await response.text()}`);
	const { assets }: { assets: unknown[] } = await response.json();
	if (assets.length > 0) return false;
	const tool = join(root, "dist/cli/crescendo.js");
	await promisify(execFile)(
		process.execPath,
		[tool, "upload", ENCODED_SAMPLE, "--endpoint", edge.url, "--token", edge.apiKey, "--json"],
		{ cwd: root, ...(signal && { signal }) },
	);
	return true;
}
