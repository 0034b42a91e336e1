import { rm, stat } from "node:fs/promises";
import { basename } from "node:path";
import { CodecError } from "../codec/errors.ts";
import type { Io } from "./command.ts";
import { encode } from "./encode.ts";
import { openFile, type OpenFile } from "./layers.ts";

/** A file whose layers can be uploaded. */
export type UploadSource = {
	readonly path: string;
	readonly file: OpenFile;
	/** What people call it. */
	readonly name: string;
	/** The video that the file was made of; undefined where it was given as it is. */
	readonly video: string | undefined;
	/** Removes what was made for the upload; nothing where the file was given as it is. */
	readonly forget: () => Promise<void>;
};

/** What becomes of a file that has no layers yet. */
export type Making = { readonly q: string; readonly fresh: boolean; readonly quiet: boolean };

/**
 * A file that `crescendo encode` made as it is; any other video is encoded first, into `FILE.crescendo-upload.mp4`, a
 * name that nothing else has: it is written over and removed here. It stays until it is uploaded, so that an upload which is interrupted goes on without encoding again.
 * @throws UsageError, CodecError as `crescendo encode` does; the file system's error
 */
export const openUploadSource = async (path: string, making: Making, io: Io): Promise<UploadSource> => {
	const given = await openLayered(path);
	if (given !== undefined) {
		return { path, file: given, name: basename(path), video: undefined, forget: async () => {} };
	}
	const made = `${path}.crescendo-upload.mp4`;
	const before = making.fresh ? undefined : await madeOf(path, made, making.q);
	if (before === undefined) {
		const quiet = making.quiet ? ["--quiet"] : [];
		await encode.run(["-o", made, "--q", making.q, ...quiet, "--", path], io);
	}
	const file = before ?? (await openFile(made));
	return { path: made, file, name: basename(path), video: path, forget: () => rm(made, { force: true }) };
};

/** @returns undefined where the file is a video of another kind. @throws the file system's error where it cannot be read */
const openLayered = async (path: string): Promise<OpenFile | undefined> => {
	let file: OpenFile;
	try {
		file = await openFile(path);
	} catch (error) {
		if (error instanceof CodecError) return undefined;
		throw error;
	}
	if (file.reader.tracks.some(({ track }) => track.kind === "enhancement")) return file;
	await file.close();
	return undefined;
};

/** What an interrupted upload made of this file at these qualities, unless the file has changed since. */
const madeOf = async (path: string, made: string, q: string): Promise<OpenFile | undefined> => {
	const [source, result] = await Promise.all([stat(path), stat(made).catch(() => undefined)]);
	if (result === undefined || result.mtimeMs < source.mtimeMs) return undefined;
	const file = await openLayered(made);
	const qualities = file?.reader.tracks.flatMap(({ track }) => (track.kind === "enhancement" ? [track.q] : []));
	if (qualities?.join() === q) return file;
	await file?.close();
	return undefined;
};
