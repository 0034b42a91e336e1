import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
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

/** Shown of both before they play. */
export const SAMPLE_POSTER = join(root, "examples/sample/bunny-poster.jpg");

/** Names of an uploaded sample's metadata: which file it is, and the SHA-256 of that file. */
const FILE = "sample";
const DIGEST = "sampleDigest";

/** A sample as it is on disk. `file` and `digest` are what its asset says of itself in its metadata. */
type SampleFile = { readonly path: string; readonly title: string; readonly file: string; readonly digest: string };

/** An asset of the edge, as far as seeding looks at it. */
export type ListedAsset = {
	readonly id: string;
	readonly title?: string;
	readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * What has to be done so that the edge holds the samples that are on disk: after an update of codec or model the older ones cannot be
 * enhanced any more. All samples where there is no asset at all; else those alone that are there as another file. Who has deleted a
 * sample does not get it back. Assets that say nothing of a file, as those of the first versions, are never removed.
 */
export const planSeeding = <File extends Omit<SampleFile, "path">>(
	assets: readonly ListedAsset[],
	samples: readonly File[],
): { readonly upload: readonly File[]; readonly remove: readonly string[] } => {
	if (assets.length === 0) return { upload: samples, remove: [] };
	const upload: File[] = [];
	const remove: string[] = [];
	for (const sample of samples) {
		const seeded = assets.filter(({ metadata }) => metadata?.[FILE] === sample.file);
		const isThere = seeded.some(({ metadata }) => metadata?.[DIGEST] === sample.digest);
		const isUnmarked = assets.some(
			({ title, metadata }) => title === sample.title && metadata?.[FILE] === undefined,
		);
		if (!isThere && (seeded.length > 0 || isUnmarked)) upload.push(sample);
		remove.push(...seeded.flatMap(({ id, metadata }) => (metadata?.[DIGEST] === sample.digest ? [] : [id])));
	}
	return { upload, remove };
};

/**
 * Uploads the encoded samples through the upload protocol where the edge has no asset yet, so that there is something to watch at
 * once, and in the place of those that it has of another version. Answers whether it uploaded any.
 * @throws Error where the edge refuses the list or an upload
 */
export async function seedSamples(edge: Pick<LocalEdge, "url" | "apiKey">, signal?: AbortSignal): Promise<boolean> {
	const api = new SeedClient(edge, signal);
	const samples = await Promise.all(ENCODED_SAMPLES.map(readSample));
	const { upload, remove } = planSeeding(await api.listAssets(), samples);
	for (const sample of upload) await api.upload(sample);
	// The old ones go when the new ones are there: stopped in between, the next start finds both and removes them.
	for (const id of remove) await api.call(`/v1/assets/${id}`, { method: "DELETE" });
	return upload.length > 0;
}

const readSample = async ({ path, title }: (typeof ENCODED_SAMPLES)[number]): Promise<SampleFile> => {
	const digest = createHash("sha256")
		.update(await readFile(path))
		.digest("hex");
	return { path, title, file: basename(path), digest };
};

/** What seeding asks of an edge. */
class SeedClient {
	readonly #edge: Pick<LocalEdge, "url" | "apiKey">;
	readonly #signal: AbortSignal | undefined;

	constructor(edge: Pick<LocalEdge, "url" | "apiKey">, signal: AbortSignal | undefined) {
		this.#edge = edge;
		this.#signal = signal;
	}

	async listAssets(): Promise<ListedAsset[]> {
		const found: ListedAsset[] = [];
		let cursor: string | undefined;
		do {
			const query = new URLSearchParams({ limit: "100", ...(cursor !== undefined && { cursor }) });
			const page = await (await this.call(`/v1/assets?${query}`)).json();
			const { assets, cursor: next }: { assets: ListedAsset[]; cursor?: string } = page;
			found.push(...assets);
			cursor = next;
		} while (cursor !== undefined);
		return found;
	}

	/** Uploads a sample as the command line does, gives it its poster, and writes into its metadata which file it is. */
	async upload({ path, title, file, digest }: SampleFile): Promise<void> {
		const tool = join(root, "dist/cli/crescendo.js");
		const { stdout } = await promisify(execFile)(
			process.execPath,
			[tool, "upload", path, "--endpoint", this.#edge.url, "--title", title, "--fresh", "--quiet", "--json"],
			{
				cwd: root,
				// The key travels in the environment: arguments of a process can be read by others.
				env: { ...process.env, CRESCENDO_TOKEN: this.#edge.apiKey },
				...(this.#signal !== undefined && { signal: this.#signal }),
			},
		);
		const { id }: { id: string } = JSON.parse(stdout);
		await this.call(
			`/v1/assets/${id}/poster`,
			{ method: "PUT", body: await readFile(SAMPLE_POSTER) },
			"image/jpeg",
		);
		const body = JSON.stringify({ metadata: { [FILE]: file, [DIGEST]: digest } });
		await this.call(`/v1/assets/${id}`, { method: "PATCH", body });
	}

	/** @throws Error for an answer that is not good */
	async call(path: string, init: RequestInit = {}, contentType = "application/json"): Promise<Response> {
		const response = await fetch(this.#edge.url + path, {
			...init,
			headers: { Authorization: `Bearer ${this.#edge.apiKey}`, "Content-Type": contentType },
			signal: this.#signal ?? null,
		});
		if (response.ok) return response;
		throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} ${await response.text()}`);
	}
}
