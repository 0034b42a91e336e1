import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import type { ByteSource } from "../codec/mp4/reader.ts";
import { CodecError } from "../codec/errors.ts";

/** A file on disk as a `ByteSource`; close it. */
export class FileSource implements ByteSource {
	readonly size: number;
	readonly #handle: FileHandle;

	private constructor(handle: FileHandle, size: number) {
		this.#handle = handle;
		this.size = size;
	}

	/** @throws CodecError `invalid-file` for what is no regular file, or the file system's own error */
	static async open(path: string): Promise<FileSource> {
		if (!(await stat(path)).isFile()) throw new CodecError("invalid-file", `${path} is no regular file.`);
		const handle = await open(path);
		return new FileSource(handle, (await handle.stat()).size);
	}

	async read(offset: number, length: number): Promise<Uint8Array> {
		const bytes = new Uint8Array(length);
		for (let filled = 0; filled < length;) {
			const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, offset + filled);
			if (bytesRead === 0) throw new CodecError("invalid-file", "The file became shorter while it was read.");
			filled += bytesRead;
		}
		return bytes;
	}

	close(): Promise<void> {
		return this.#handle.close();
	}
}

/** Where a command's result goes. */
export interface Output {
	write(bytes: Uint8Array): Promise<void>;
	/** All is written: the result may be seen. */
	commit(): Promise<void>;
	/** Drops what was written, unless it was committed. */
	discard(): Promise<void>;
}

/**
 * A file that appears under its name only when it is complete; or standard output for `-`.
 * @throws the file system's error where the folder does not exist or cannot be written
 */
export const openOutput = async (path: string, stdout: (data: Uint8Array) => Promise<void>): Promise<Output> => {
	if (path === "-") {
		return { write: stdout, commit: () => Promise.resolve(), discard: () => Promise.resolve() };
	}
	// Devices and pipes are written as they are: there is nothing to rename.
	const existing = await stat(path).catch(() => undefined);
	const inPlace = existing !== undefined && !existing.isFile();
	const target = inPlace ? path : `${path}.${process.pid}.part`;
	const handle = await open(target, "w").catch((error: NodeJS.ErrnoException) => {
		throw Object.assign(error, { path });
	});
	let open_ = true;
	const close = async () => {
		if (open_) await handle.close();
		open_ = false;
	};
	return {
		write: async (bytes) => {
			for (let written = 0; written < bytes.length;) {
				written += (await handle.write(bytes, written)).bytesWritten;
			}
		},
		commit: async () => {
			await close();
			if (!inPlace) await rename(target, path);
		},
		discard: async () => {
			await close();
			if (!inPlace) await rm(target, { force: true });
		},
	};
};
