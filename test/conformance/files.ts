/** Where the conformance streams and the shipped model lie (Node only). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FRAME_DURATION } from "./scenes.ts";
import { type ConformanceFrame, framesOf, type Manifest, type ManifestStream } from "./streams.ts";

export const STREAMS_FOLDER = fileURLToPath(new URL("streams", import.meta.url));
export const MODEL_FOLDER = fileURLToPath(new URL("../../models/crescendo-1", import.meta.url));

export async function readManifest(folder: string = STREAMS_FOLDER): Promise<Manifest> {
	return JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
}

export async function readStream(
	stream: ManifestStream,
	folder: string = STREAMS_FOLDER,
): Promise<readonly ConformanceFrame[]> {
	const [samples, bases] = await Promise.all([
		readFile(join(folder, `${stream.name}.samples`)),
		readFile(join(folder, `${stream.name}.bases`)),
	]);
	return framesOf(stream, samples, bases, FRAME_DURATION);
}
