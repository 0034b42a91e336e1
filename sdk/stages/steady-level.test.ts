import { describe, expect, it } from "vitest";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import { atLevel, steadyLevel, withLevel } from "./steady-level.ts";

/** High profile at level 1.1, as Chromium writes it for a small base. */
const RECORD = Uint8Array.from(
	Buffer.from("01640c0bffe1001367640c0bac191a828d7926a0202020f08846a001000468ce3c80fdf8f800", "hex"),
);

describe("the announced level", () => {
	it("allows at least 4 Mbit/s, more for larger pictures", () => {
		expect(steadyLevel(160, 90, 25)).toEqual({ level: 21, mostBits: 4_000_000 });
		expect(steadyLevel(640, 360, 30)).toEqual({ level: 30, mostBits: 10_000_000 });
		expect(steadyLevel(1920, 1080, 60)).toEqual({ level: 42, mostBits: 50_000_000 });
		expect(steadyLevel(8192, 8192, 120).level).toBe(52);
	});

	it("is written into the record and its parameter set, and nowhere else", () => {
		const raised = withLevel(RECORD, 21);
		expect([...raised].flatMap((byte, i) => (byte === RECORD[i] ? [] : [i]))).toEqual([3, 11]);
		expect([raised[3], raised[11]]).toEqual([21, 21]);
		expect(RECORD[3]).toBe(11);
	});

	it("leaves damaged records alone where they end", () => {
		expect(withLevel(Uint8Array.of(1, 100, 0, 11, 0xff, 0xe1, 0, 40, 0x67), 21)).toEqual(
			Uint8Array.of(1, 100, 0, 21, 0xff, 0xe1, 0, 40, 0x67),
		);
	});

	it("is the same for all groups of a track", async () => {
		const encoder = {
			encode: async () => undefined,
			finish: async () => undefined,
			samples: async function* () {},
			close: async () => undefined,
			track: async () => ({ ...avcTrack, description: RECORD }),
		};
		expect(await atLevel(encoder, 21).track()).toMatchObject({
			codec: "avc1.640c15",
			description: withLevel(RECORD, 21),
		});
	});
});
