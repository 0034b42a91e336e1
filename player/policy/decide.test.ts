import { describe, expect, it } from "vitest";
import { decide, type Observation } from "./decide.ts";

const options = [
	{ id: "e20", bitrate: 3e5, samplesPerSecond: 7e6 },
	{ id: "e40", bitrate: 1e6, samplesPerSecond: 7e6 },
];
const playing: Observation = {
	start: {
		mode: "auto",
		choice: undefined,
		enhancements: 2,
		saveData: false,
		browserCapable: true,
		backend: "webgpu",
		samplesPerSecond: 7e6,
		bandwidth: 5e6,
		baseBitrate: 1e5,
		enhancementBitrate: 3e5,
		decoderBytes: 0,
		secondsLeft: 60,
		loops: false,
		baseBuffer: 10,
		baseBufferWanted: 6,
		baseComplete: false,
	},
	choice: {
		options,
		chosen: undefined,
		current: "e40",
		bandwidth: 5e6,
		baseBitrate: 1e5,
		decodeSpeed: undefined,
		playbackRate: 1,
		ahead: 0,
		forced: false,
	},
	decoder: "here",
	networkUnknown: false,
};
type Changes = {
	readonly start?: Partial<Observation["start"]>;
	readonly choice?: Partial<Observation["choice"]>;
	readonly decoder?: Observation["decoder"];
	readonly networkUnknown?: boolean;
};
const after = ({ start, choice, ...others }: Changes) =>
	decide({ ...playing, ...others, start: { ...playing.start, ...start }, choice: { ...playing.choice, ...choice } });
/** A tunnel: nothing to spare. */
const POOR: Changes = { start: { bandwidth: 1e5 }, choice: { bandwidth: 1e5 } };

describe("the whole decision", () => {
	it("loads a decoder, fetches nothing beside it, then fetches what fits", () => {
		expect(after({ decoder: "none" })).toEqual({ act: "load" });
		expect(after({ decoder: "coming" })).toEqual({ act: "await" });
		expect(after({})).toEqual({ act: "play", fetch: "e40", limit: undefined });
	});

	it("shows what is here when the network brings no more, and when the base's buffer runs low", () => {
		expect(after({ ...POOR, decoder: "none" })).toMatchObject({ act: "rest", reason: "bandwidth-too-low" });
		expect(after(POOR)).toEqual({ act: "play", fetch: undefined, limit: "bandwidth-too-low" });
		expect(after({ start: { baseBuffer: 1 } })).toMatchObject({ act: "play", fetch: "e40" });
		expect(after({ start: { decoderBytes: 1e8, secondsLeft: 5 } })).toMatchObject({ act: "play" });
	});

	it("hides it at once where it is not wanted, or cannot be", () => {
		for (const start of [{ choice: "low" } as const, { saveData: true }, { enhancements: 0 }]) {
			expect(after({ start })).toMatchObject({ act: "rest", probe: undefined });
		}
	});

	it("asks a network anew that it knows nothing of any more, with the cheapest enhancement", () => {
		const silent: Changes = { ...POOR, networkUnknown: true };
		const rest = { act: "rest", reason: "bandwidth-too-low" };
		expect(after({ ...silent, decoder: "none" })).toEqual({ ...rest, probe: "e20" });
		expect(after(silent)).toEqual({ act: "play", fetch: "e20", limit: undefined });
		// Not for the last seconds, unless they are played again.
		const last = { ...POOR.start, secondsLeft: 5 };
		expect(after({ ...silent, start: last, decoder: "none" })).toEqual({ ...rest, probe: undefined });
		expect(after({ ...silent, start: { ...last, loops: true }, decoder: "none" })).toEqual({
			...rest,
			probe: "e20",
		});
	});

	it("asks nothing of the network where something else is in the way", () => {
		expect(after({ start: { saveData: true }, networkUnknown: true })).toMatchObject({ probe: undefined });
		expect(after({ choice: { decodeSpeed: 1e6 }, networkUnknown: true })).toEqual({
			...{ act: "play", fetch: undefined, limit: "decoding-too-slow" },
		});
	});
});
