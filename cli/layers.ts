import { decodeAll } from "../codec/base/base-codec.ts";
import { FfmpegBaseDecoder } from "../codec/base/ffmpeg-base.ts";
import { EnhancementParser } from "../codec/enhancement/parser.ts";
import { decodeFrames, type EnhancedFrame, type LayeredFrame } from "../codec/enhancement/pipeline.ts";
import { EnhancementReconstructor } from "../codec/enhancement/reconstruction.ts";
import { CodecError } from "../codec/errors.ts";
import { createExecutor } from "../codec/model/create-executor.ts";
import type { ReadTrack } from "../codec/mp4/init-reader.ts";
import { FragmentedFileReader } from "../codec/mp4/reader.ts";
import type { Picture } from "../codec/picture/picture.ts";
import { scoped } from "../codec/scope.ts";
import type { BaseTrack, EnhancementTrack } from "../codec/track.ts";
import { UsageError } from "./command.ts";
import { FileSource } from "./files.ts";
import { type FrameRate, frameRateOf } from "./frame-rate.ts";
import { loadDecoderModel } from "./models.ts";
import type { Networks } from "./network-flags.ts";

/** A track of one kind, as the file knows it. */
export type TrackOf<T> = Omit<ReadTrack, "track"> & { readonly track: T };

const isBase = (found: ReadTrack): found is TrackOf<BaseTrack> & ReadTrack => found.track.kind === "base";
const isEnhancement = (found: ReadTrack): found is TrackOf<EnhancementTrack> & ReadTrack =>
	found.track.kind === "enhancement";

/** A layered file, open; close it. */
export type OpenFile = {
	readonly reader: FragmentedFileReader;
	readonly size: number;
	readonly close: () => Promise<void>;
};

/** @throws CodecError `invalid-file`; the file system's error */
export const openFile = async (path: string): Promise<OpenFile> => {
	const source = await FileSource.open(path);
	try {
		return { reader: await FragmentedFileReader.open(source), size: source.size, close: () => source.close() };
	} catch (error) {
		await source.close();
		throw error;
	}
};

/** The base. @throws CodecError `invalid-file` where there is none */
export const baseOf = ({ tracks }: FragmentedFileReader): TrackOf<BaseTrack> => {
	const base = tracks.find(isBase);
	if (base === undefined) throw new CodecError("invalid-file", "The file has no base layer that is read here.");
	return base;
};

/**
 * The enhancement with this track id, or the one of the highest quality.
 * @throws CodecError `invalid-file` where there is none, UsageError where the id is none of an enhancement
 */
export const enhancementOf = ({ tracks }: FragmentedFileReader, id: number | undefined): TrackOf<EnhancementTrack> => {
	const all = tracks.filter(isEnhancement).toSorted((left, right) => right.track.q - left.track.q);
	const [best] = all;
	if (best === undefined) {
		throw new CodecError("invalid-file", "The file has no enhancement.", { hint: "Decode it with --layer base." });
	}
	const found = id === undefined ? best : all.find((track) => track.id === id);
	if (found === undefined) {
		throw new UsageError(
			`--track ${id} is no enhancement; there ${all.length === 1 ? "is" : "are"} ${all.map((track) => track.id).join(", ")}`,
		);
	}
	return found;
};

/** Frame rate of a track, from the times of its first fragment. */
export const rateOf = async (reader: FragmentedFileReader, id: number): Promise<FrameRate> => {
	for await (const { samples } of reader.fragments([id])) {
		const [first, last] = [samples[0], samples.at(-1)];
		if (first === undefined || last === undefined) continue;
		return frameRateOf((last.timestamp + last.duration - first.timestamp) / samples.length, samples.length);
	}
	throw new CodecError("invalid-file", `Track ${id} has no samples.`);
};

/** The base's pictures. */
export const basePictures = (
	reader: FragmentedFileReader,
	base: TrackOf<BaseTrack>,
	signal: AbortSignal,
): AsyncGenerator<Picture, void, undefined> =>
	decodeAll(new FfmpegBaseDecoder(base.track, { signal }), reader.samples(base.id));

/** Options of `enhancedFrames`. */
export type DecodeOptions = Networks & { readonly signal: AbortSignal };

/**
 * Base and enhancement decoded together: a parser that runs ahead, reconstruction behind it. Pictures are the caller's to
 * dispose.
 * @throws CodecError as the stages do; faults of single samples arrive as frames with an error
 */
export async function* enhancedFrames(
	reader: FragmentedFileReader,
	enhancement: TrackOf<EnhancementTrack>,
	{ executor: executorOptions, model: folder, signal }: DecodeOptions,
): AsyncGenerator<EnhancedFrame, void, undefined> {
	const base = baseOf(reader);
	const model = await loadDecoderModel(enhancement.track.modelId, folder);
	const { width, height } = enhancement.track;
	const { executor, parser, reconstructor } = await scoped(async (_, result) => {
		const executor = result((await createExecutor(executorOptions)).executor);
		const options = { model, executor, width, height };
		const parser = result(await EnhancementParser.create(options));
		return { executor, parser, reconstructor: await EnhancementReconstructor.create(options) };
	});
	try {
		const frames = together(reader, base, enhancement, signal);
		yield* decodeFrames(frames, parser, reconstructor, { signal });
	} finally {
		await parser.dispose();
		await reconstructor.dispose();
		await executor.dispose();
	}
}

/** Base pictures and enhancement samples of the same times. */
async function* together(
	reader: FragmentedFileReader,
	base: TrackOf<BaseTrack>,
	enhancement: TrackOf<EnhancementTrack>,
	signal: AbortSignal,
): AsyncGenerator<LayeredFrame, void, undefined> {
	const samples = reader.samples(enhancement.id);
	for await (const picture of basePictures(reader, base, signal)) {
		const { value: sample } = await samples.next();
		if (sample === undefined || sample.timestamp !== picture.timestamp) {
			const where = sample === undefined ? "has ended" : `is at ${sample.timestamp} us`;
			throw new CodecError(
				"invalid-file",
				`The base is at ${picture.timestamp} us where the enhancement ${where}.`,
			);
		}
		yield { sample, base: picture };
	}
	if ((await samples.next()).done !== true) {
		throw new CodecError("invalid-file", "The enhancement goes on after the end of the base.");
	}
}
