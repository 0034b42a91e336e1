import { describe, expect, it } from "vitest";
import type { Sample } from "../../codec/sample.ts";
import { UploadError } from "../errors.ts";
import type { SourceWarning } from "../source/source-warning.ts";
import { opusHeadToDops } from "./opus-head.ts";
import { planAudio } from "./plan.ts";
import type { AudioFacts } from "./plan.ts";
import { SoundBreaks, untilBroken } from "./until-broken.ts";
import type { SoundContext } from "./until-broken.ts";

const facts = (change: Partial<AudioFacts>): AudioFacts => ({
	codec: "aac",
	codecString: "mp4a.40.2",
	channels: 2,
	sampleRate: 44_100,
	described: true,
	decodable: true,
	encodable: { aac: true, opus: true },
	...change,
});

describe("planAudio", () => {
	it("copies what every player takes", () => {
		expect(planAudio(facts({}))).toEqual({ make: "copy" });
		expect(planAudio(facts({ channels: 1, codecString: "mp4a.40.29" }))).toEqual({ make: "copy" });
		expect(planAudio(facts({ codec: "opus", codecString: "opus", decodable: false }))).toEqual({ make: "copy" });
	});
	it("mixes more channels down to two", () => {
		expect(planAudio(facts({ channels: 6 }))).toEqual({
			make: "encode",
			codec: "aac",
			channels: 2,
			sampleRate: 44_100,
			bitrate: 128_000,
		});
	});
	it("takes Opus where AAC is not encoded", () => {
		const plan = planAudio(facts({ channels: 6, encodable: { aac: false, opus: true } }));
		expect(plan).toMatchObject({ codec: "opus", channels: 2, sampleRate: 48_000 });
	});
	it("encodes AAC of an unknown profile, and AAC that its container does not describe", () => {
		expect(planAudio(facts({ codecString: "mp4a.40.1" })).make).toBe("encode");
		expect(planAudio(facts({ described: false })).make).toBe("encode");
	});
	it("brings rates that AAC lacks to 48 kHz", () => {
		expect(planAudio(facts({ codec: "pcm-s16", sampleRate: 96_000 }))).toMatchObject({ sampleRate: 48_000 });
	});
	it("says why there is no sound", () => {
		expect(planAudio(facts({ codec: "ac3", codecString: "ac-3", decodable: false }))).toEqual({
			make: "nothing",
			reason: "This browser does not decode the sound (codec ac-3).",
		});
		expect(planAudio(facts({ codec: "mp3", encodable: { aac: false, opus: false } })).make).toBe("nothing");
	});
});

describe("opusHeadToDops", () => {
	const head = (tail: readonly number[]) =>
		Uint8Array.from([
			...[..."OpusHead"].map((letter) => letter.charCodeAt(0)),
			1,
			2,
			0x38,
			1,
			0x80,
			0xbb,
			0,
			0,
			0xff,
			0xff,
			...tail,
		]);
	it("turns the byte order around", () => {
		expect([...(opusHeadToDops(head([0])) ?? [])]).toEqual([0, 2, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0xff, 0xff, 0]);
	});
	it("keeps the channel mapping table", () => {
		expect([...(opusHeadToDops(head([1, 2, 1, 0, 1])) ?? [])].slice(10)).toEqual([1, 2, 1, 0, 1]);
	});
	it("refuses what is cut short or something else", () => {
		expect(opusHeadToDops(head([1, 2]))).toBeUndefined();
		expect(opusHeadToDops(head([]))).toBeUndefined();
		expect(opusHeadToDops(new Uint8Array(40))).toBeUndefined();
	});
});

describe("sound that breaks", () => {
	async function* breaking(error: unknown): AsyncGenerator<Sample, void, undefined> {
		for (const timestamp of [0, 500_000]) {
			yield { data: new Uint8Array(1), timestamp, duration: 500_000, sync: true };
		}
		throw error;
	}

	const read = async (error: unknown, more: Partial<SoundContext> = {}) => {
		const warnings: SourceWarning[] = [];
		const times: number[] = [];
		const { signal } = new AbortController();
		for await (const { timestamp } of untilBroken(breaking(error), { warnings, signal, ...more })) {
			times.push(timestamp);
		}
		return { times, warnings };
	};

	it("ends there, and the person is told", async () => {
		const { times, warnings } = await read(new DOMException("Decoding error.", "EncodingError"));
		expect(times).toEqual([0, 500_000]);
		expect(warnings).toEqual([
			{ code: "audio-dropped", message: "The sound breaks off after 1.0 s: Decoding error." },
		]);
	});

	it("is read again where a codec may have died, and ends where that is no help", async () => {
		const breaks = new SoundBreaks();
		const died = new DOMException("The process died.", "EncodingError");
		await expect(read(died, { breaks })).rejects.toBe(died);
		expect((await read(died, { breaks })).warnings).toHaveLength(1);
		expect(breaks.isNew(died, 1_200_000_000)).toBe(true);
		expect((await read(new Error("A damaged packet."), { breaks: new SoundBreaks() })).warnings).toHaveLength(1);
	});

	it("is not taken for damaged where the whole source is out of reach", async () => {
		const away = new UploadError("source-unreadable", "The drive was pulled out.");
		const check = async () => {
			throw away;
		};
		const unread = new DOMException("It could not be read.", "NotReadableError");
		await expect(read(unread, { check, breaks: new SoundBreaks() })).rejects.toBe(away);
	});

	it("does not hide what is wrong with the source itself, nor that nobody wants it any more", async () => {
		const away = new UploadError("network-failed", "No answer.");
		await expect(read(away)).rejects.toBe(away);
		await expect(read(new Error("closed"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
			name: "AbortError",
		});
	});
});
