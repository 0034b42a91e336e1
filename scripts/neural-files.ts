import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { NEURAL_MEDIA_TYPES, type NeuralEncoding, type NeuralFolders, neuralKey } from "../protocol/neural.ts";

/** A folder that is served under an address that names its content: its stable address, and its files by name. */
export interface NeuralFolder {
	/** Begins and ends with a slash: `/models/crescendo-1/`. */
	readonly address: string;
	readonly files: ReadonlyMap<string, Buffer<ArrayBuffer>>;
}

/** An object for the store, and the file that holds its bytes. */
export interface StoredFile {
	readonly key: string;
	readonly file: string;
}

/** 9 would take half as long again for one percent less, 5 a third of the time for seven percent more. */
const QUALITY = 8;

/** Reads those files of a folder that may be served. */
export async function readNeuralFolder(address: string, from: string): Promise<NeuralFolder> {
	const served = (await readdir(from)).filter((name) => Object.hasOwn(NEURAL_MEDIA_TYPES, extension(name)));
	const files = await Promise.all(
		served.toSorted().map(async (name) => [name, await readFile(join(from, name))] as const),
	);
	return { address, files: new Map(files) };
}

/** What a folder's address names: see `NeuralFolders`. */
export function hashFolder(files: NeuralFolder["files"]): string {
	const lines = [...files]
		.toSorted(([a], [b]) => (a < b ? -1 : 1))
		.map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`);
	return sha256(lines.join("")).slice(0, 32);
}

/**
 * Writes every file as it is and compressed into `to`, under the names that they have in the store; answers those, and the hashes.
 * Compressed bytes are kept in `cache` by the digest of what they hold: compressing is most of a build.
 */
export async function writeNeuralFiles(
	folders: readonly NeuralFolder[],
	to: string,
	cache: string,
): Promise<{ readonly list: readonly StoredFile[]; readonly current: NeuralFolders }> {
	await rm(to, { recursive: true, force: true });
	const hashes: Record<string, string> = {};
	const list: StoredFile[] = [];
	for (const { address, files } of folders) {
		const hash = hashFolder(files);
		hashes[address] = hash;
		const write = async (name: string, encoding: NeuralEncoding, bytes: Uint8Array): Promise<void> => {
			const key = neuralKey(`${address}${hash}/${name}`, encoding);
			const file = join(to, key);
			await mkdir(dirname(file), { recursive: true });
			await writeFile(file, bytes);
			list.push({ key, file });
		};
		await Promise.all(
			[...files].map(async ([name, bytes]) => {
				await write(name, "identity", bytes);
				await write(name, "br", await compressed(bytes, cache));
			}),
		);
	}
	return { list: list.toSorted((a, b) => (a.key < b.key ? -1 : 1)), current: { folders: hashes } };
}

async function compressed(bytes: Buffer<ArrayBuffer>, cache: string): Promise<Buffer> {
	const kept = join(cache, `${sha256(bytes)}-${QUALITY}.br`);
	const found = await readFile(kept).catch((error: unknown) => {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
		throw error;
	});
	if (found !== undefined) return found;
	const made = await promisify(brotliCompress)(bytes, {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: QUALITY,
			[constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
			[constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
		},
	});
	await mkdir(cache, { recursive: true });
	// Under its name only when it is whole.
	await writeFile(`${kept}.${process.pid}`, made);
	await rename(`${kept}.${process.pid}`, kept);
	return made;
}

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
const extension = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
