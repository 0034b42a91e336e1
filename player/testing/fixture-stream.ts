import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeAll, encodeAll } from "../../codec/base/base-codec.ts";
import { FfmpegBaseDecoder, FfmpegBaseEncoder } from "../../codec/base/ffmpeg-base.ts";
import { writeSequenceHeader } from "../../codec/bitstream/sequence-header.ts";
import { codingUnits } from "../../codec/enhancement/coding-units.ts";
import { type EncodedFrame, EnhancementEncoder } from "../../codec/enhancement/encoder.ts";
import { BIDIRECTIONAL_PATTERN, frameChoice } from "../../codec/enhancement/frame-pattern.ts";
import { hashPicture } from "../../codec/hash/picture-hash.ts";
import { createExecutor } from "../../codec/model/create-executor.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import { writeInitSegment } from "../../codec/mp4/init-segment.ts";
import { writeMediaSegment } from "../../codec/mp4/media-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { BaseTrack, ColourSpace, EnhancementTrack, Track } from "../../codec/track.ts";
import { type Enhancement, ENHANCEMENTS_DATA_ID } from "../../protocol/enhancements.ts";

/** Folder of the model that tests use. */
export const MODEL_FOLDER = join(import.meta.dirname, "../../models/crescendo-1");

export type FixtureOptions = {
	readonly pictures: readonly Picture[];
	readonly frameRate: number;
	/** Frames of a segment. */
	readonly segmentFrames: number;
	/** Quality of each enhancement. */
	readonly qualities: readonly number[];
	readonly colour?: ColourSpace;
	/** Seconds of sound, a tone of 440 Hz; default: none. */
	readonly audioSeconds?: number;
};

/** A stream as the edge would serve it, made by the codec itself: nothing stands in for anything. */
export type FixtureStream = {
	/** Path without leading slash to bytes: `master.m3u8`, `enhancements.json`, `tracks/base/...`, `tracks/e30/...`. */
	readonly files: Map<string, Uint8Array>;
	/** For each enhancement's id: the encoder's picture of each frame, in order. */
	readonly reconstructions: ReadonlyMap<string, readonly Picture[]>;
	readonly hashes: ReadonlyMap<string, readonly number[]>;
	readonly basePictures: readonly Picture[];
	readonly enhancementSamples: ReadonlyMap<string, readonly Sample[]>;
};

const BT709: ColourSpace = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };

/** Encodes both layers, every other inter frame a bidirectional one, and cuts them into segments. */
export async function makeFixtureStream(options: FixtureOptions): Promise<FixtureStream> {
	const { pictures, frameRate, segmentFrames, qualities, colour = BT709, audioSeconds = 0 } = options;
	const first = pictures[0];
	if (!first) throw new TypeError("options.pictures must not be empty.");
	const baseSources = pictures.map(downscalePicture);
	const encoder = new FfmpegBaseEncoder({
		width: baseSources[0]?.width ?? 0,
		height: baseSources[0]?.height ?? 0,
		frameRate: { numerator: Math.round(frameRate * 1000), denominator: 1000 },
		colour,
		keyInterval: segmentFrames,
		rate: { crf: 26 },
	});
	const baseSamples = await collect(encodeAll(encoder, baseSources));
	const baseTrack = await encoder.track();
	const basePictures = await collect(decodeAll(new FfmpegBaseDecoder(baseTrack), baseSamples));

	const files = new Map<string, Uint8Array>();
	const seconds = pictures.length / frameRate;
	putTrack(files, "base", baseTrack, baseSamples, options);
	const model = await loadModel(modelFolder(MODEL_FOLDER), { encoder: true });
	const { executor } = await createExecutor();
	const { width, height } = first;
	const list: Enhancement[] = [];
	const reconstructions = new Map<string, Picture[]>();
	const hashes = new Map<string, number[]>();
	const enhancementSamples = new Map<string, Sample[]>();
	for (const q of qualities) {
		const id = `e${q}`;
		const enhancement = await EnhancementEncoder.create({ model, executor, width, height });
		const samples: Sample[] = [];
		const decoded: Picture[] = [];
		const placed = pictures.map((picture, index) => {
			const place = index % segmentFrames;
			const followed = place + 1 < segmentFrames && index + 1 < pictures.length;
			const { type } = frameChoice(place, q, BIDIRECTIONAL_PATTERN, followed);
			return { picture, base: basePictures[index] as Picture, type };
		});
		for await (const unit of codingUnits(placed, ({ type }) => type === "bidirectional")) {
			const frames: EncodedFrame[] = [];
			for (const { picture, base, type } of unit) {
				const choice = { type, q, duration: Math.round(1e6 / frameRate) };
				frames.push(await enhancement.encode(picture, base, choice));
			}
			for (const { sample, reconstruction } of frames.reverse()) {
				samples.push(sample);
				decoded.push(await reconstruction.toPicture());
				reconstruction.dispose();
			}
		}
		await enhancement.dispose();
		const track: EnhancementTrack = {
			kind: "enhancement",
			codec: "sve1.01",
			width,
			height,
			q,
			modelId: model.id,
			description: writeSequenceHeader({
				modelId: model.id,
				width,
				height,
				baseWidth: baseTrack.width,
				baseHeight: baseTrack.height,
				colour,
				q,
			}),
		};
		putTrack(files, id, track, samples, options);
		const bytes = samples.reduce((sum, { data }) => sum + data.length, 0);
		const bandwidth = Math.ceil((8 * bytes) / seconds);
		list.push({
			id,
			width,
			height,
			q,
			bandwidth,
			modelId: model.id,
			codec: track.codec,
			uri: `tracks/${id}/playlist.m3u8`,
		});
		reconstructions.set(id, decoded);
		hashes.set(id, decoded.map(hashPicture));
		enhancementSamples.set(id, samples);
	}
	await executor.dispose();
	const baseBytes = baseSamples.reduce((sum, { data }) => sum + data.length, 0);
	files.set("enhancements.json", text(JSON.stringify({ enhancements: list })));
	if (audioSeconds > 0) await putTone(files, audioSeconds);
	const bandwidth = Math.ceil((8 * baseBytes) / seconds);
	files.set("master.m3u8", text(masterPlaylist(baseTrack, bandwidth, frameRate, audioSeconds > 0)));
	return { files, reconstructions, hashes, basePictures, enhancementSamples };
}

/** Writes one segment of an enhancement anew, with other samples: for damage. */
export function replaceSegment(stream: FixtureStream, id: string, segment: number, samples: readonly Sample[]): void {
	stream.files.set(
		`tracks/${id}/segments/${segment}.m4s`,
		writeMediaSegment({ trackId: 1, sequenceNumber: segment + 1, timescale: 1_000_000, samples }),
	);
}

function putTrack(
	files: Map<string, Uint8Array>,
	id: string,
	track: Track,
	samples: readonly Sample[],
	{ segmentFrames, frameRate }: FixtureOptions,
): void {
	const timescale = timescaleOf(track);
	files.set(`tracks/${id}/init.mp4`, writeInitSegment([{ id: 1, track, timescale }]));
	const lines = ["#EXTM3U", "#EXT-X-VERSION:8", `#EXT-X-TARGETDURATION:${Math.ceil(segmentFrames / frameRate)}`];
	lines.push("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD", '#EXT-X-MAP:URI="init.mp4"');
	for (let start = 0; start < samples.length; start += segmentFrames) {
		const part = samples.slice(start, start + segmentFrames);
		const number = start / segmentFrames;
		files.set(
			`tracks/${id}/segments/${number}.m4s`,
			writeMediaSegment({ trackId: 1, sequenceNumber: number + 1, timescale, samples: part }),
		);
		lines.push(`#EXTINF:${(part.length / frameRate).toFixed(5)},`, `segments/${number}.m4s`);
	}
	lines.push("#EXT-X-ENDLIST");
	files.set(`tracks/${id}/playlist.m3u8`, text(`${lines.join("\n")}\n`));
}

/** An audio rendition, `tracks/audio/`. */
async function putTone(files: Map<string, Uint8Array>, seconds: number): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-tone-"));
	try {
		const input = ["-f", "lavfi", "-i", `sine=frequency=440:sample_rate=48000:duration=${seconds}`];
		const coding = ["-c:a", "aac", "-b:a", "32k"];
		const hls = ["-f", "hls", "-hls_time", "1", "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"];
		await promisify(execFile)("ffmpeg", ["-v", "error", ...input, ...coding, ...hls, "playlist.m3u8"], {
			cwd: folder,
		});
		for (const name of await readdir(folder)) files.set(`tracks/audio/${name}`, await readFile(join(folder, name)));
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function masterPlaylist(base: BaseTrack, bandwidth: number, frameRate: number, hasAudio: boolean): string {
	const codecs = hasAudio ? `${base.codec},mp4a.40.2` : base.codec;
	const lines = ["#EXTM3U", "#EXT-X-VERSION:8", "#EXT-X-INDEPENDENT-SEGMENTS"];
	lines.push(`#EXT-X-SESSION-DATA:DATA-ID="${ENHANCEMENTS_DATA_ID}",URI="enhancements.json"`);
	if (hasAudio) {
		lines.push('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Tone",DEFAULT=YES,URI="tracks/audio/playlist.m3u8"');
	}
	const { width, height } = base;
	const stream = [`BANDWIDTH=${bandwidth}`, `CODECS="${codecs}"`, `RESOLUTION=${width}x${height}`];
	stream.push(`FRAME-RATE=${frameRate}`, ...(hasAudio ? ['AUDIO="sound"'] : []));
	lines.push(`#EXT-X-STREAM-INF:${stream.join(",")}`, "tracks/base/playlist.m3u8", "");
	return lines.join("\n");
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
	const all: T[] = [];
	for await (const value of values) all.push(value);
	return all;
}

const text = (value: string) => new TextEncoder().encode(value);
