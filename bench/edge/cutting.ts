import { encodePart, findSamples, sampleOf } from "../../protocol/part.ts";
import { trackToJson } from "../../protocol/track.ts";
import type { Sample } from "../../codec/sample.ts";
import { sha256 } from "../../protocol/digest.ts";
import { findSampleFault } from "../../edge/asset/sample-rules.ts";
import { concatenate } from "../../codec/mp4/box.ts";
import { segmentContent } from "../../edge/asset/segment-bytes.ts";
import { sizeOf } from "../../edge/asset/segmenter.ts";
import { type AssetState, newTrackState, nextStep, recordPart, recordSegment } from "../../edge/asset/state.ts";
import { type ClipTrack, makeClip } from "./clip.ts";

/** CPU of everything that the edge does with bytes between a part's body and a segment in the store, milliseconds for a MB of media. */
export type CuttingCost = {
	readonly checking: number;
	readonly cutting: number;
	readonly digest: number;
	readonly megabytes: number;
};

const SECOND = 1_000_000;

/** Cuts a clip as the Durable Object does, with memory in the place of SQLite and the store, `rounds` times after a warm-up. */
export const measureCutting = async (rounds: number): Promise<CuttingCost> => {
	const tracks = await makeClip({ seconds: 20, kilobits: 4000, gopSeconds: 2 });
	const parts = tracks.map((track) => ({ track, parts: split(track.samples).map((samples) => encodePart(samples)) }));
	const megabytes = parts.flatMap((entry) => entry.parts).reduce((sum, { length }) => sum + length, 0) / 1e6;
	const cost = { checking: 0, cutting: 0, digest: 0 };
	for (let round = -4; round < rounds; round++) {
		const spent = await cutOnce(parts);
		if (round < 0) continue;
		cost.checking += spent.checking / rounds / megabytes;
		cost.cutting += spent.cutting / rounds / megabytes;
		cost.digest += spent.digest / rounds / megabytes;
	}
	return { ...cost, megabytes };
};

/** Parts of a second or so. */
const split = (samples: readonly Sample[]): Sample[][] =>
	Array.from({ length: Math.ceil(samples.length / 25) }, (_, index) => samples.slice(index * 25, (index + 1) * 25));

type EncodedTrack = { readonly track: ClipTrack; readonly parts: readonly Uint8Array<ArrayBuffer>[] };

const cutOnce = async (tracks: readonly EncodedTrack[]) => {
	const state: AssetState = {
		phase: "open",
		segmentTarget: 2 * SECOND,
		segmentLimits: { bytes: 8 * 2 ** 20, samples: 30_000, duration: 30 * SECOND },
		partialTarget: undefined,
		longestPartial: 0,
		tracks: tracks.map(({ track }) => ({ ...newTrackState(track.id, track.track.kind), initBytes: 1 })),
		boundaries: [],
	};
	const spent = { checking: 0, cutting: 0, digest: 0 };
	const stored = new Map<string, Uint8Array>();
	const timed = <Value>(name: keyof typeof spent, work: () => Value): Value => {
		const { user, system } = process.cpuUsage();
		const value = work();
		const after = process.cpuUsage();
		spent[name] += (after.user - user + after.system - system) / 1000;
		return value;
	};
	for (let number = 0; number < Math.max(...tracks.map(({ parts }) => parts.length)); number++) {
		for (const [index, { track, parts }] of tracks.entries()) {
			const bytes = parts[number];
			const tracked = state.tracks[index];
			if (bytes === undefined || tracked === undefined) continue;
			const start = process.cpuUsage();
			await sha256(bytes);
			const end = process.cpuUsage(start);
			spent.digest += (end.user + end.system) / 1000;
			const json = trackToJson(track.id, track.track);
			const samples = timed("checking", () => {
				const found = findSamples(bytes);
				for (const sample of found)
					if (findSampleFault(json, sampleOf(bytes, sample)) !== undefined) throw new Error("a bad clip");
				const data = found.map(({ offset, size }) => bytes.subarray(offset, offset + size));
				stored.set(`${track.id}/${number}`, concatenate(data));
				return found;
			});
			const last = samples.at(-1)?.timestamp ?? 0;
			timed("cutting", () => {
				recordPart(tracked, number, { bytes: bytes.length, samples: samples.length, last, heads: samples });
				cut(state, tracks, stored);
			});
		}
	}
	return spent;
};

const cut = (state: AssetState, tracks: readonly EncodedTrack[], stored: ReadonlyMap<string, Uint8Array>): void => {
	for (let step = nextStep(state); step !== undefined; step = nextStep(state)) {
		if (step.type !== "segment") throw new Error(`an unexpected step: ${step.type}`);
		const { id } = step.track;
		const track = tracks.find((entry) => entry.track.id === id)?.track.track;
		if (track === undefined) throw new Error(`no track ${id}`);
		const segment = segmentContent(step, trackToJson(id, track), ({ part, offset, heads }) => [
			stored.get(`${id}/${part}`)?.subarray(offset, offset + sizeOf(heads)) ?? new Uint8Array(),
		]);
		const { length } = concatenate([...segment.chunks()]);
		recordSegment(state, step, length);
	}
};
