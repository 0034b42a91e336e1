import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../errors.ts";
import type { Sample } from "../sample.ts";
import type { Track } from "../track.ts";
import { concatenate } from "./box.ts";
import { mdatHeader, mfhd, moof, SYNC_SAMPLE_FLAGS, tfdt, tfhd, traf, trun } from "./fragment-boxes.ts";
import { readMediaSegment } from "./fragment-reader.ts";
import { FragmentedFileWriter } from "./fragmented-file.ts";
import { readInitSegment } from "./init-reader.ts";
import { type FileTrack, writeInitSegment } from "./init-segment.ts";
import { writeMediaSegment } from "./media-segment.ts";
import { blobSource, bytesSource, FragmentedFileReader } from "./reader.ts";
import { aacTrack, av1Track, avcTrack, enhancementTrack, opusTrack, testSamples, vp9Track } from "./test-tracks.ts";
import { timescaleOf, toMicroseconds, toTicks } from "./timescale.ts";

const fileTrack = (id: number, track: Track): FileTrack => ({ id, track, timescale: timescaleOf(track) });

const errorCode = (run: () => unknown): string => {
	try {
		run();
	} catch (error) {
		return error instanceof CodecError ? error.code : `untyped: ${String(error)}`;
	}
	return "none";
};

/** Samples that follow one another without gaps, so that every duration is the next timestamp's distance. */
const samplesArbitrary = fc
	.tuple(
		fc.integer({ min: 0, max: 2 ** 42 }),
		fc.array(
			fc.record({
				data: fc.uint8Array({ minLength: 1, maxLength: 30 }),
				duration: fc.oneof(fc.constant(40_000), fc.integer({ min: 0, max: 2 ** 31 })),
				sync: fc.boolean(),
			}),
			{ minLength: 1, maxLength: 10 },
		),
	)
	.map(([start, rows]): Sample[] => {
		let timestamp = start;
		return rows.map((row) => {
			const sample = { ...row, timestamp };
			timestamp += row.duration;
			return sample;
		});
	});

describe("an init segment", () => {
	it.each([avcTrack, vp9Track, av1Track, enhancementTrack, aacTrack, opusTrack])(
		"gives back its track ($codec)",
		(track) => {
			const { tracks, unsupported } = readInitSegment(writeInitSegment([fileTrack(7, track)]));
			expect(unsupported).toEqual([]);
			expect(tracks).toHaveLength(1);
			expect(tracks[0]).toMatchObject({ id: 7, timescale: timescaleOf(track), references: [], shift: 0 });
			expect(tracks[0]?.track).toEqual(track);
		},
	);

	it("carries the reference from an enhancement to its base", () => {
		const references = [{ type: "sbas", trackIds: [1] }];
		const init = writeInitSegment([fileTrack(1, avcTrack), { ...fileTrack(2, enhancementTrack), references }]);
		expect(readInitSegment(init).tracks.map((track) => track.references)).toEqual([[], references]);
	});

	it("is refused for ids that are no ids and codecs without a box", () => {
		expect(errorCode(() => writeInitSegment([]))).toBe("invalid-option");
		expect(errorCode(() => writeInitSegment([fileTrack(0, avcTrack)]))).toBe("invalid-option");
		expect(errorCode(() => writeInitSegment([fileTrack(1, avcTrack), fileTrack(1, aacTrack)]))).toBe(
			"invalid-option",
		);
		const hevc = { ...avcTrack, codec: "hvc1.1.6.L93.B0" };
		expect(errorCode(() => writeInitSegment([fileTrack(1, hevc)]))).toBe("unsupported-format");
	});

	it("says which tracks are of other codecs", () => {
		const init = writeInitSegment([fileTrack(1, avcTrack)]);
		const at = new TextDecoder("latin1").decode(init).indexOf("avc1\0");
		init.set(new TextEncoder().encode("hvc1"), at);
		expect(readInitSegment(init)).toEqual({ tracks: [], unsupported: [{ id: 1, format: "hvc1" }] });
	});
});

describe("a media segment", () => {
	it("gives back its samples, whatever they share", () => {
		const { tracks } = readInitSegment(writeInitSegment([fileTrack(3, avcTrack)]));
		fc.assert(
			fc.property(samplesArbitrary, (samples) => {
				const segment = writeMediaSegment({ trackId: 3, sequenceNumber: 9, timescale: 1_000_000, samples });
				expect(readMediaSegment(segment, tracks)).toEqual([{ trackId: 3, samples }]);
			}),
			{ seed: 8, numRuns: 300 },
		);
	});

	it("is refused where two runs name the same bytes: a small file would be read many times over", () => {
		const { tracks } = readInitSegment(writeInitSegment([fileTrack(1, avcTrack)]));
		const segment = (runs: number) => {
			const defaults = { duration: 40, size: 10, flags: SYNC_SAMPLE_FLAGS };
			const fragment = (dataOffset: number) => {
				const run = trun(dataOffset, undefined, [{}]);
				return moof(mfhd(1), traf(tfhd(1, defaults), tfdt(0), concatenate(Array<Uint8Array>(runs).fill(run))));
			};
			const data = fragment(fragment(0).length + 8);
			return concatenate([data, mdatHeader(10), new Uint8Array(10)]);
		};
		expect(readMediaSegment(segment(1), tracks)[0]?.samples).toHaveLength(1);
		expect(errorCode(() => readMediaSegment(segment(2), tracks))).toBe("invalid-file");
	});

	it("costs four bytes a sample and about a hundred where frames are regular", () => {
		const samples = testSamples(50, 50);
		const payload = samples.reduce((sum, { data }) => sum + data.length, 0);
		const options = { trackId: 1, sequenceNumber: 1, timescale: 1_000_000, samples, segmentType: false };
		expect(writeMediaSegment(options).length - payload).toBeLessThanOrEqual(50 * 4 + 112);
	});

	it("stretches a sample over a gap, so that the next keeps its time", () => {
		const samples = testSamples(2, 1).map((sample, index) => ({ ...sample, timestamp: index * 100_000 }));
		const { tracks } = readInitSegment(writeInitSegment([fileTrack(1, avcTrack)]));
		const segment = writeMediaSegment({ trackId: 1, sequenceNumber: 1, timescale: 1_000_000, samples });
		expect(
			readMediaSegment(segment, tracks)[0]?.samples.map(({ timestamp, duration }) => [timestamp, duration]),
		).toEqual([
			[0, 100_000],
			[100_000, 40_000],
		]);
	});

	it("is refused for no samples and for times that go back", () => {
		const options = { trackId: 1, sequenceNumber: 1, timescale: 1_000_000 };
		expect(errorCode(() => writeMediaSegment({ ...options, samples: [] }))).toBe("invalid-option");
		const samples = testSamples(3, 1).toReversed();
		expect(errorCode(() => writeMediaSegment({ ...options, samples }))).toBe("invalid-option");
		const early = testSamples(1, 1).map((sample) => ({ ...sample, timestamp: -1 }));
		expect(errorCode(() => writeMediaSegment({ ...options, samples: early }))).toBe("invalid-option");
	});
});

describe("times", () => {
	it("go from microseconds to audio ticks and back without drift over ten hours", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(8000, 22_050, 44_100, 48_000, 96_000, 192_000),
				fc.integer({ min: 0, max: 36_000 * 192_000 }),
				(rate, ticks) => {
					const microseconds = toMicroseconds(ticks, rate);
					expect(toTicks(microseconds, rate)).toBe(ticks);
					expect(toMicroseconds(toTicks(microseconds, rate), rate)).toBe(microseconds);
				},
			),
			{ seed: 9, numRuns: 1000 },
		);
	});

	it("of AAC frames at 44.1 kHz come back as they went in", () => {
		const samples = testSamples(500, 1, { duration: (1024 * 1_000_000) / 44_100 });
		const { tracks } = readInitSegment(writeInitSegment([fileTrack(1, aacTrack)]));
		const segment = writeMediaSegment({ trackId: 1, sequenceNumber: 1, timescale: 44_100, samples });
		expect(readMediaSegment(segment, tracks)).toEqual([{ trackId: 1, samples }]);
	});
});

/** A file of all layers: two GOPs of base, enhancement and audio. */
const layeredFile = () => {
	const references = [{ type: "sbas", trackIds: [1] }];
	const writer = new FragmentedFileWriter([
		fileTrack(1, avcTrack),
		{ ...fileTrack(2, enhancementTrack), references },
		fileTrack(3, aacTrack),
	]);
	const layers = [
		{ id: 1, samples: testSamples(20, 10, { seed: 1 }) },
		{ id: 2, samples: testSamples(20, 10, { seed: 2 }) },
		{ id: 3, samples: testSamples(34, 1, { seed: 3, duration: (1024 * 1_000_000) / 44_100 }) },
	];
	const fragments = [0, 1].flatMap((gop) =>
		layers.map(({ id, samples }) => {
			const half = samples.length / 2;
			return writer.fragment(id, samples.slice(gop * half, (gop + 1) * half));
		}),
	);
	return { bytes: concatenate([writer.header(), ...fragments]), layers };
};

/** Size of the largest sample; 0 where the file is refused; any other error is thrown. */
const largestSampleOrRefusal = async (bytes: Uint8Array): Promise<number> => {
	let largest = 0;
	try {
		const reader = await FragmentedFileReader.open(bytesSource(bytes));
		for await (const { samples } of reader.fragments()) {
			for (const sample of samples) largest = Math.max(largest, sample.data.length);
		}
	} catch (error) {
		if (!(error instanceof CodecError)) throw error;
	}
	return largest;
};

describe("a fragmented file", () => {
	it("is read back track by track", async () => {
		const { bytes, layers } = layeredFile();
		const reader = await FragmentedFileReader.open(blobSource(new Blob([bytes])));
		expect(reader.tracks.map(({ track }) => track)).toEqual([avcTrack, enhancementTrack, aacTrack]);
		for (const { id, samples } of layers) {
			const read: Sample[] = [];
			for await (const sample of reader.samples(id)) read.push(sample);
			expect(read).toEqual(samples);
		}
	});

	it("ends in a typed error, or is read, whatever bytes are damaged or missing", async () => {
		const { bytes } = layeredFile();
		const damage = fc.record({
			flips: fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }),
			length: fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length)),
		});
		await fc.assert(
			fc.asyncProperty(damage, async ({ flips, length }) => {
				const copy = bytes.slice(0, length);
				for (const [at, value] of flips) if (at < length) copy[at] = value;
				expect(await largestSampleOrRefusal(copy)).toBeLessThanOrEqual(length);
			}),
			{ seed: 10, numRuns: 600 },
		);
	});

	it("is refused where it was cut", async () => {
		const { bytes } = layeredFile();
		const read = async (length: number) => {
			const reader = await FragmentedFileReader.open(bytesSource(bytes.slice(0, length)));
			for await (const fragment of reader.fragments()) void fragment;
		};
		await expect(read(bytes.length)).resolves.toBeUndefined();
		for (const length of [0, 7, 100, bytes.length - 1, bytes.length - 300]) {
			await expect(read(length)).rejects.toMatchObject({ code: "invalid-file" });
		}
	});

	it("has no fragments for tracks that it does not have", () => {
		const writer = new FragmentedFileWriter([fileTrack(1, avcTrack)]);
		expect(errorCode(() => writer.fragment(2, testSamples(1, 1)))).toBe("invalid-option");
	});
});
