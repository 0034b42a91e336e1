import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { LocalEdge } from "./local-edge.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Both layers of the sample video, made by `npm run sample`. The last is the newest in the Studio's list. */
export const ENCODED_SAMPLES = [
	{
		path: join(root, "examples/sample/bunny-small-crescendo.mp4"),
		title: "Big Buck Bunny, small enough for any machine",
		...{ width: 192, height: 108, frameRate: 12, q: 40 },
	},
	{
		path: join(root, "examples/sample/bunny-crescendo.mp4"),
		title: "Big Buck Bunny",
		...{ width: 640, height: 360, frameRate: 24, q: 32 },
	},
] as const;

/**
 * Uploads the encoded samples through the upload protocol where the edge has no asset yet, so that there is something to
 * watch at once. Answers whether it did.
 * @throws Error where the edge refuses the list or an upload
 */
export async function seedIfEmpty(edge: LocalEdge, signal?: AbortSignal): Promise<boolean> {
	const options = signal === undefined ? {} : { signal };
	const headers = { Authorization: `Bearer ${edge.apiKey}` };
	const response = await fetch(`${edge.url}/v1/assets?limit=1`, { headers, ...options });
	if (!response.ok) throw new Error(`the edge does not list its assets: ${response.status} ${await response.text()}`);
	const { assets }: { assets: unknown[] } = await response.json();
	if (assets.length > 0) return false;
	const tool = join(root, "dist/cli/crescendo.js");
	for (const { path, title } of ENCODED_SAMPLES) {
		// The key travels in the environment: arguments of a process can be read by others.
		await promisify(execFile)(
			process.execPath,
			[tool, "upload", path, "--endpoint", edge.url, "--title", title, "--quiet"],
			{
				cwd: root,
				env: { ...process.env, CRESCENDO_TOKEN: edge.apiKey },
				...options,
			},
		);
	}
	return true;
}
