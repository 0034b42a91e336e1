import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeMediaSegment } from "../../codec/mp4/media-segment.ts";
import { timescaleOf } from "../../codec/mp4/timescale.ts";
import type { Sample } from "../../codec/sample.ts";
import { type ClipTrack, clipTracks } from "../testing/fixture-media.ts";
import type { SegmentLimits } from "./segmenter.ts";
import { type AssetState, newTrackState, nextStep, recordPart, recordSegment, type SegmentStep } from "./state.ts";

const SECOND = 1_000_000;

const LIMITS: SegmentLimits = { bytes: 4 * 2 ** 20, samples: 1000, duration: 30 * SECOND };

const newState = (tracks: readonly ClipTrack[], limits: Partial<SegmentLimits>): AssetState => ({
	phase: "open",
	segmentTarget: 2 * SECOND,
	partialTarget: undefined,
	longestPartial: 0,
	segmentLimits: { ...LIMITS, ...limits },
	tracks: tracks.map(({ id, track }) => ({ ...newTrackState(id, track.kind), initBytes: 1 })),
	boundaries: [],
});

/** A store of nothing but memory around the pure state: what the Durable Object does, without the Durable Object. */
class Ingest {
	readonly state: AssetState;
	readonly segments = new Map<string, Uint8Array>();
	readonly #tracks: readonly ClipTrack[];
	readonly #parts = new Map<string, readonly Sample[]>();

	constructor(tracks: readonly ClipTrack[], limits: Partial<SegmentLimits> = {}) {
		this.#tracks = tracks;
		this.state = newState(tracks, limits);
	}

	put(trackId: string, number: number, samples: readonly Sample[]): void {
		const track = this.state.tracks.find(({ id }) => id === trackId);
		const heads = samples.map(({ data, ...head }) => ({ ...head, size: data.length }));
		const last = heads.at(-1)?.timestamp ?? 0;
		if (track === undefined) throw new Error(`No track ${trackId}`);
		this.#parts.set(`${trackId}/${number}`, samples);
		recordPart(track, number, { bytes: 1, samples: heads.length, last, heads });
		this.run();
	}

	complete(): void {
		for (const track of this.state.tracks) track.expected = track.contiguous;
		this.state.phase = "completing";
		this.run();
	}

	/** Takes steps until there are none; stops at the end of the asset. */
	run(): void {
		for (let step = nextStep(this.state); step !== undefined; step = nextStep(this.state)) {
			if (step.type === "freeze") this.state.phase = "ready";
			else if (step.type === "fail-track") step.track.failure = step.failure;
			else if (step.type === "segment") this.#cut(step);
			else throw new Error("Init segments are taken as written.");
		}
	}

	#cut(step: SegmentStep): void {
		const samples = step.slices.flatMap(({ part, heads }) => {
			const all = this.#parts.get(`${step.track.id}/${part}`) ?? [];
			return all.filter(({ timestamp }) => heads.some((head) => head.timestamp === timestamp));
		});
		const last = samples.pop();
		if (last !== undefined) samples.push({ ...last, duration: (step.cut.lastSampleEnd ?? 0) - last.timestamp });
		const track = this.#tracks.find(({ id }) => id === step.track.id)?.track;
		if (track === undefined) throw new Error("No such track");
		const options = { trackId: 1, sequenceNumber: step.number + 1, timescale: timescaleOf(track), samples };
		const bytes = samples.length === 0 ? new Uint8Array() : writeMediaSegment(options);
		this.segments.set(`${step.track.id}/${step.number}`, bytes);
		recordSegment(this.state, step, bytes.length);
	}
}

/** Cuts samples at these places, taken modulo their number. */
const splitAt = (samples: readonly Sample[], places: readonly number[]): Sample[][] => {
	const cuts = [...new Set([0, ...places.map((place) => place % samples.length)])].toSorted((a, b) => a - b);
	return cuts.map((from, index) => samples.slice(from, cuts[index + 1] ?? samples.length));
};

const ingestWhole = (tracks: readonly ClipTrack[]): Ingest => {
	const ingest = new Ingest(tracks);
	for (const { id, samples } of tracks) ingest.put(id, 0, samples);
	ingest.complete();
	return ingest;
};

describe("segment cutting", () => {
	it("gives the same segments for any split into parts and any order of arrival", () => {
		const clips = fc.record({ frames: fc.integer({ min: 1, max: 260 }), gop: fc.integer({ min: 1, max: 90 }) });
		const places = fc.array(fc.nat(1000), { maxLength: 9 });
		fc.assert(
			fc.property(clips, fc.tuple(places, places, places), fc.array(fc.nat(1_000_000)), (clip, splits, order) => {
				const tracks = clipTracks(clip);
				const whole = ingestWhole(tracks);
				const arrivals = tracks.flatMap(({ id, samples }, index) =>
					splitAt(samples, splits[index] ?? []).map((part, number) => ({ id, number, part })),
				);
				for (const [index, swap] of order.slice(0, arrivals.length).entries()) {
					const other = swap % arrivals.length;
					const [left, right] = [arrivals[index], arrivals[other]];
					if (left === undefined || right === undefined) continue;
					[arrivals[index], arrivals[other]] = [right, left];
				}
				const ingest = new Ingest(tracks);
				for (const { id, number, part } of arrivals) ingest.put(id, number, part);
				ingest.complete();
				expect(ingest.state.phase).toBe("ready");
				expect(ingest.state.tracks.map(({ segments }) => [...segments])).toEqual(
					whole.state.tracks.map(({ segments }) => [...segments]),
				);
				expect(new Map([...ingest.segments].toSorted())).toEqual(new Map([...whole.segments].toSorted()));
			}),
			{ numRuns: 40, seed: 3 },
		);
	});

	it("loses no sample and doubles none", () => {
		const tracks = clipTracks({ frames: 237, gop: 50 });
		const { state } = ingestWhole(tracks);
		for (const [index, { samples }] of tracks.entries()) {
			const segments = [...(state.tracks[index]?.segments ?? [])];
			expect(segments.reduce((sum, segment) => sum + segment.samples, 0)).toBe(samples.length);
		}
	});

	it("aligns enhancements with the base and audio to the frame", () => {
		const { state } = ingestWhole(clipTracks({ frames: 125, gop: 25 }));
		const [base, enhancement, audio] = state.tracks.map(({ segments }) => ({ segments: [...segments] }));
		expect(base?.segments.map(({ duration }) => duration)).toEqual([2 * SECOND, 2 * SECOND, SECOND]);
		expect(enhancement?.segments.map(({ duration }) => duration)).toEqual([2 * SECOND, 2 * SECOND, SECOND]);
		expect(base?.segments.map(({ samples }) => samples)).toEqual([50, 50, 25]);
		expect(enhancement?.segments.map(({ samples }) => samples)).toEqual([50, 50, 25]);
		expect(audio?.segments.map(({ samples }) => samples)).toEqual([94, 94, 47]);
	});

	it("cuts while parts still come, as soon as the next sync sample is there", () => {
		const [base, ...others] = clipTracks({ frames: 150, gop: 50 });
		const ingest = new Ingest([base, ...others].filter((track) => track !== undefined));
		ingest.put("base", 0, base?.samples.slice(0, 50) ?? []);
		expect(ingest.segments.size).toBe(0);
		ingest.put("base", 1, base?.samples.slice(50, 51) ?? []);
		expect([...ingest.segments.keys()]).toEqual(["base/0"]);
	});

	it("fails an enhancement whose segment begins with no sync sample, and goes on with the rest", () => {
		const tracks = clipTracks({ frames: 150, gop: 50 }).map((track) =>
			track.id === "e40"
				? { ...track, samples: track.samples.map((sample, index) => ({ ...sample, sync: index === 0 })) }
				: track,
		);
		const { state } = ingestWhole(tracks);
		expect(state.tracks.map(({ failure }) => failure)).toEqual([undefined, "misaligned", undefined]);
		expect(state.phase).toBe("ready");
	});

	it("fails a base whose group of pictures is larger than a segment may be, before it has ended", () => {
		const tracks = clipTracks({ frames: 150, gop: 150, size: 1000 });
		const ingest = new Ingest(tracks, { bytes: 50_000 });
		ingest.put("base", 0, tracks[0]?.samples.slice(0, 60) ?? []);
		expect(ingest.state.tracks[0]?.failure).toBe("segment-too-large");
	});

	it("fails a follower that has more in a segment than it may, before it has ended", () => {
		const tracks = clipTracks({ frames: 150, gop: 50 });
		const ingest = new Ingest(tracks, { samples: 90 });
		ingest.put("base", 0, tracks[0]?.samples.slice(0, 51) ?? []);
		ingest.put("audio", 0, tracks[2]?.samples.slice(0, 92) ?? []);
		expect(ingest.state.tracks[2]?.failure).toBe("segment-too-large");
		expect(ingest.segments.size).toBe(1);
	});

	it("ends sound that goes on for long when the picture has ended, and keeps all before", () => {
		const [sound] = clipTracks({ frames: 1500 }).filter(({ id }) => id === "audio");
		const tracks = clipTracks({ frames: 125, gop: 25 }).map((track) => (track.id === "audio" && sound) || track);
		const ingest = new Ingest(tracks, { samples: 30_000 });
		for (const { id, samples } of tracks) ingest.put(id, 0, samples);
		ingest.complete();
		const { state } = ingest;
		const [base, , audio] = state.tracks.map(({ segments }) => [...segments]);
		expect(state.tracks.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
		expect(state.phase).toBe("ready");
		expect(audio?.map(({ samples }) => samples).slice(0, 2)).toEqual([94, 94]);
		// The last begins with the base's last, which lasts a second, and lasts as long as a segment may.
		expect(base?.at(-1)?.duration).toBe(SECOND);
		expect(audio).toHaveLength(3);
		const longest = audio?.[2]?.duration ?? 0;
		expect(longest).toBeLessThanOrEqual(LIMITS.duration);
		expect(longest).toBeGreaterThan(LIMITS.duration - 25_000);
	});

	it("fails sound that is more than a segment may hold before the picture ends", () => {
		const tracks = clipTracks({ frames: 125, gop: 125 });
		const ingest = new Ingest(tracks, { samples: 200 });
		for (const { id, samples } of tracks) ingest.put(id, 0, samples);
		ingest.complete();
		expect(ingest.state.tracks.map(({ failure }) => failure)).toEqual([undefined, undefined, "segment-too-large"]);
	});

	it("leaves a gap where a track has no samples, and goes on after it", () => {
		const tracks = clipTracks({ frames: 200, gop: 50 }).map((track) =>
			track.id === "audio"
				? {
						...track,
						samples: track.samples.filter(
							({ timestamp }) => timestamp < 2 * SECOND || timestamp >= 4 * SECOND,
						),
					}
				: track,
		);
		const { state, segments } = ingestWhole(tracks);
		expect([...(state.tracks[2]?.segments ?? [])].map(({ bytes }) => bytes > 0)).toEqual([true, false, true, true]);
		expect(segments.get("audio/1")).toEqual(new Uint8Array());
	});
});
