import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FfmpegProcess } from "../codec/base/ffmpeg.ts";
import { CodecError } from "../codec/errors.ts";
import { FragmentedFileReader } from "../codec/mp4/reader.ts";
import type { Sample } from "../codec/sample.ts";
import type { AudioTrack } from "../codec/track.ts";
import { FileSource } from "./files.ts";
import { inputArguments } from "./probe.ts";

/** Codecs that are passed through untouched; others become AAC. */
const PASSED_THROUGH = ["aac", "opus"];

/** The sound of the source, in order of time. */
export type AudioLayer = {
	readonly track: AudioTrack;
	/** Samples that begin before `end` (microseconds) and were not taken yet. */
	readonly takeUntil: (end: number) => Promise<Sample[]>;
	readonly close: () => Promise<void>;
};

/**
 * Takes the sound out of a media file through ffmpeg, as a file of its own in a temporary folder.
 * @param codec ffmpeg's name, as the probe gave it
 */
export const openAudio = async (path: string, codec: string, signal: AbortSignal): Promise<AudioLayer> => {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-audio-"));
	const cleanUp = () => rm(folder, { recursive: true, force: true });
	try {
		const file = join(folder, "audio.mp4");
		const coding = PASSED_THROUGH.includes(codec) ? ["-c:a", "copy"] : ["-c:a", "aac", "-b:a", "128k", "-ac", "2"];
		await extract(path, coding, file, signal);
		const source = await FileSource.open(file);
		const reader = await FragmentedFileReader.open(source);
		const found = reader.tracks.find(({ track }) => track.kind === "audio");
		if (found?.track.kind !== "audio") {
			throw new CodecError("unsupported-format", `The audio codec ${codec} could not be taken over.`, {
				hint: "Leave the sound out with --audio none.",
			});
		}
		const close = async () => {
			await source.close();
			await cleanUp();
		};
		return { track: found.track, takeUntil: takerOf(reader.samples(found.id)), close };
	} catch (error) {
		await cleanUp();
		throw error;
	}
};

const extract = async (path: string, coding: readonly string[], file: string, signal: AbortSignal): Promise<void> => {
	const child = new FfmpegProcess(
		[
			...[...inputArguments(path), "-map", "0:a:0", ...coding, "-f", "mp4"],
			...["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "1000000", "pipe:1"],
		],
		{ signal },
	);
	child.end();
	const handle = await open(file, "w");
	try {
		for await (const chunk of child.output()) await handle.write(chunk);
	} finally {
		await handle.close();
	}
};

/** Hands samples out by time. What an encoder put before time 0 to warm up is left out: a file here begins at 0. */
const takerOf = (samples: AsyncGenerator<Sample>) => {
	let next: Sample | undefined;
	return async (end: number): Promise<Sample[]> => {
		const taken: Sample[] = [];
		for (;;) {
			next ??= (await samples.next()).value ?? undefined;
			if (next === undefined || next.timestamp >= end) return taken;
			if (next.timestamp >= 0) taken.push(next);
			next = undefined;
		}
	};
};
