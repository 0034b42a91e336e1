import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BufferSource, EncodedPacketSink, Input, MP4 } from "mediabunny";
import type { Sample } from "../../codec/sample.ts";
import type { Track } from "../../codec/track.ts";

/** A track of a clip, as an encoder would hand it over. */
export type ClipTrack = { readonly id: string; readonly track: Track; readonly samples: readonly Sample[] };

/** How a clip is made. */
export type ClipOptions = { readonly seconds: number; readonly kilobits: number; readonly gopSeconds: number };

const FRAME_RATE = 25;

/** Real H.264 and AAC of a test picture and a tone, made by the ffmpeg on the PATH. */
export const makeClip = async ({ seconds, kilobits, gopSeconds }: ClipOptions): Promise<readonly ClipTrack[]> => {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-clip-"));
	try {
		const path = join(folder, "clip.mp4");
		await promisify(execFile)("ffmpeg", [
			...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=320x180:rate=${FRAME_RATE}`],
			...["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", String(seconds)],
			...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"],
			...["-g", String(gopSeconds * FRAME_RATE), "-b:v", `${kilobits}k`, "-maxrate", `${kilobits}k`],
			...["-bufsize", `${kilobits}k`, "-x264-params", "nal-hrd=cbr:force-cfr=1"],
			...["-c:a", "aac", "-b:a", "64k", "-ac", "2", path],
		]);
		return await readClip(new Uint8Array(await readFile(path)));
	} finally {
		await rm(folder, { recursive: true });
	}
};

const readClip = async (bytes: Uint8Array<ArrayBuffer>): Promise<readonly ClipTrack[]> => {
	const input = new Input({ source: new BufferSource(bytes), formats: [MP4] });
	const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
	const [videoConfig, audioConfig] = [await video?.getDecoderConfig(), await audio?.getDecoderConfig()];
	if (video == null || audio == null || videoConfig == null || audioConfig == null) throw new Error("no such clip");
	const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
	return [
		{
			id: "base",
			track: {
				kind: "base",
				codec: videoConfig.codec,
				width: video.codedWidth,
				height: video.codedHeight,
				colour,
				description: bytesOf(videoConfig.description),
			},
			samples: await samplesOf(new EncodedPacketSink(video)),
		},
		{
			id: "audio",
			track: {
				kind: "audio",
				codec: audioConfig.codec,
				sampleRate: audioConfig.sampleRate,
				channels: audioConfig.numberOfChannels,
				description: bytesOf(audioConfig.description),
			},
			samples: await samplesOf(new EncodedPacketSink(audio)),
		},
	];
};

const samplesOf = async (sink: EncodedPacketSink): Promise<Sample[]> => {
	const samples: Sample[] = [];
	for await (const packet of sink.packets()) {
		const timestamp = Math.round(packet.timestamp * 1_000_000);
		// What an encoder needs before its first sample is no part of the clip.
		if (timestamp < 0) continue;
		const duration = Math.max(1, Math.round(packet.duration * 1_000_000));
		samples.push({ data: packet.data, timestamp, duration, sync: packet.type === "key" });
	}
	return samples;
};

const bytesOf = (source: AllowSharedBufferSource | undefined): Uint8Array =>
	source === undefined
		? new Uint8Array()
		: ArrayBuffer.isView(source)
			? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
			: new Uint8Array(source).slice();
