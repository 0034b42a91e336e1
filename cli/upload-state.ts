import { createHash } from "node:crypto";
import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import * as v from "valibot";

/** What an interrupted upload leaves beside its file, as `FILE.upload.json`. */
const State = v.object({
	endpoint: v.string(),
	asset: v.string(),
	/** Of the file: another one under the same name is another upload. */
	fingerprint: v.string(),
	/** Most bytes of a part: parts of another size have other numbers. */
	partBytes: v.number(),
});
export type UploadState = v.InferOutput<typeof State>;

/** Bytes that are looked at from the start and the end of a file. */
const WINDOW = 1 << 20;

const pathOf = (file: string): string => `${file}.upload.json`;

/** Tells files apart without reading them whole: SHA-256 of size, time of change, beginning and end. */
export const fingerprintOf = async (file: string): Promise<string> => {
	const { size, mtimeMs } = await stat(file);
	const hash = createHash("sha256").update(`${size}:${mtimeMs}:`);
	const handle = await open(file);
	try {
		const window = Buffer.alloc(Math.min(WINDOW, size));
		for (const position of [0, size - window.length]) {
			const { bytesRead } = await handle.read(window, 0, window.length, position);
			hash.update(window.subarray(0, bytesRead));
		}
	} finally {
		await handle.close();
	}
	return hash.digest("base64url");
};

/** What an earlier upload of this file to this edge left; undefined where there is nothing that fits. */
export const readState = async (file: string, wanted: Omit<UploadState, "asset">): Promise<UploadState | undefined> => {
	const text = await readFile(pathOf(file), "utf8").catch(() => "");
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch {
		return undefined;
	}
	const { success, output } = v.safeParse(State, json);
	if (!success) return undefined;
	const { endpoint, fingerprint, partBytes } = wanted;
	const fits = output.endpoint === endpoint && output.fingerprint === fingerprint && output.partBytes === partBytes;
	return fits ? output : undefined;
};

/** @throws the file system's error where the folder cannot be written. */
export const writeState = (file: string, state: UploadState): Promise<void> =>
	writeFile(pathOf(file), `${JSON.stringify(state, undefined, 2)}\n`);

/** The upload is complete. */
export const removeState = (file: string): Promise<void> => rm(pathOf(file), { force: true });
