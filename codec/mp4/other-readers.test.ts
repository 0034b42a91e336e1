import { BufferSource, EncodedPacketSink, Input, type InputTrack, MP4 } from "mediabunny";
import { createFile, type ISOFile, type Movie, MP4BoxBuffer, type Sample as Mp4boxSample } from "mp4box";
import { describe, expect, it } from "vitest";
import type { Sample } from "../sample.ts";
import { concatenate } from "./box.ts";
import { FragmentedFileWriter } from "./fragmented-file.ts";
import { writeInitSegment } from "./init-segment.ts";
import { writeMediaSegment } from "./media-segment.ts";
import { aacTrack, avcTrack, enhancementTrack, testSamples } from "./test-tracks.ts";

/** What two readers that nobody here wrote find in our files. */
const base = testSamples(20, 10, { seed: 1 });
const enhancement = testSamples(20, 10, { seed: 2 });
const audio = testSamples(34, 1, { seed: 3, duration: (1024 * 1_000_000) / 44_100 });

const layeredFile = (): Uint8Array<ArrayBuffer> => {
	const writer = new FragmentedFileWriter([
		{ id: 1, track: avcTrack, timescale: 1_000_000 },
		{ id: 2, track: enhancementTrack, timescale: 1_000_000, references: [{ type: "sbas", trackIds: [1] }] },
		{ id: 3, track: aacTrack, timescale: 44_100 },
	]);
	return concatenate([
		writer.header(),
		...[0, 1].flatMap((gop) => [
			writer.fragment(1, base.slice(gop * 10, gop * 10 + 10)),
			writer.fragment(2, enhancement.slice(gop * 10, gop * 10 + 10)),
			writer.fragment(3, audio.slice(gop * 17, gop * 17 + 17)),
		]),
	]);
};

/** Tracks and all their samples, by mp4box. */
const readByMp4box = (bytes: Uint8Array<ArrayBuffer>) => {
	const file: ISOFile = createFile();
	const samples = new Map<number, Mp4boxSample[]>();
	let movie: Movie | undefined;
	const errors: string[] = [];
	file.onError = (module, message) => errors.push(`${module}: ${message}`);
	file.onReady = (info) => {
		movie = info;
		for (const { id } of info.tracks) file.setExtractionOptions(id, undefined, { nbSamples: 1000 });
		file.start();
	};
	file.onSamples = (id, _, found) => samples.set(id, [...(samples.get(id) ?? []), ...found]);
	file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes.buffer, 0), true);
	file.flush();
	if (movie === undefined || errors.length > 0) throw new Error(`mp4box found no movie: ${errors.join()}`);
	return { movie, samples: (id: number) => samples.get(id) ?? [], file };
};

const packetsByMediabunny = async (track: InputTrack): Promise<Sample[]> => {
	const packets: Sample[] = [];
	for await (const packet of new EncodedPacketSink(track).packets()) {
		packets.push({
			data: packet.data,
			timestamp: packet.microsecondTimestamp,
			duration: packet.microsecondDuration,
			sync: packet.type === "key",
		});
	}
	return packets;
};

describe("mp4box", () => {
	const { movie, samples, file } = readByMp4box(layeredFile());

	it("finds three tracks with their codecs, sizes and handlers", () => {
		expect(movie.isFragmented).toBe(true);
		expect(movie.tracks.map(({ id, codec, timescale }) => [id, codec, timescale])).toEqual([
			[1, "avc1.64000b", 1_000_000],
			[2, "sve1", 1_000_000],
			[3, "mp4a.40.2", 44_100],
		]);
		expect([movie.tracks[1]?.track_width, movie.tracks[1]?.track_height]).toEqual([640, 360]);
		expect(movie.tracks[0]?.video).toMatchObject({ width: 160, height: 90 });
		expect(movie.tracks[2]?.audio).toMatchObject({ sample_rate: 44_100, channel_count: 2 });
	});

	it("finds the reference from the enhancement to its base", () => {
		const tref = file.getTrackById(2).tref;
		expect(tref?.references).toMatchObject([{ type: "sbas", track_ids: Uint32Array.of(1) }]);
	});

	it.each([
		["base", 1, base],
		["enhancement", 2, enhancement],
	] as const)("reads the samples of the %s", (_, id, expected) => {
		const found = samples(id).map(({ data, cts, dts, duration, is_sync }) => {
			expect(cts).toBe(dts);
			return { data: data && new Uint8Array(data), timestamp: cts, duration, sync: is_sync };
		});
		expect(found).toEqual(expected);
	});

	it("reads the samples of the audio at multiples of 1024 ticks", () => {
		expect(samples(3).map(({ dts, duration }) => [dts, duration])).toEqual(
			audio.map((__, index) => [index * 1024, 1024]),
		);
		expect(samples(3).map(({ data }) => data && new Uint8Array(data))).toEqual(audio.map(({ data }) => data));
	});
});

describe("mediabunny", () => {
	const open = (bytes: Uint8Array<ArrayBuffer>) => new Input({ formats: [MP4], source: new BufferSource(bytes) });

	it("reads base and audio as any player would", async () => {
		const input = open(layeredFile());
		const video = (await input.getVideoTracks()).find((track) => track.id === 1);
		const sound = await input.getPrimaryAudioTrack();
		if (video === undefined || sound === null) throw new Error("No base or no audio.");
		const config = await video.getDecoderConfig();
		expect(config).toMatchObject({ codec: "avc1.64000b", codedWidth: 160, codedHeight: 90 });
		expect(config?.description).toEqual(avcTrack.description);
		expect(await packetsByMediabunny(video)).toEqual(base);
		expect(await sound.getDecoderConfig()).toMatchObject({
			codec: "mp4a.40.2",
			sampleRate: 44_100,
			numberOfChannels: 2,
		});
		expect((await packetsByMediabunny(sound)).map(({ data }) => data)).toEqual(audio.map(({ data }) => data));
	});

	it("finds the enhancement as a track of unknown codec with the right samples", async () => {
		const tracks = await open(layeredFile()).getVideoTracks();
		const track = tracks.find((candidate) => candidate.id === 2);
		if (track === undefined) throw new Error("No track 2.");
		expect(await track.getCodec()).toBeNull();
		expect(await track.getInternalCodecId()).toBe("sve1");
		expect(await packetsByMediabunny(track)).toEqual(enhancement);
	});

	it("reads init and media segments that were written one by one", async () => {
		const segment = (sequenceNumber: number, samples: readonly Sample[]) =>
			writeMediaSegment({ trackId: 1, sequenceNumber, timescale: 1_000_000, samples });
		const init = writeInitSegment([{ id: 1, track: avcTrack, timescale: 1_000_000 }]);
		const input = open(concatenate([init, segment(1, base.slice(0, 10)), segment(2, base.slice(10))]));
		const track = await input.getPrimaryVideoTrack();
		if (track === null) throw new Error("No track.");
		expect(await packetsByMediabunny(track)).toEqual(base);
	});
});
