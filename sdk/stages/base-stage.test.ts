import { describe, expect, it } from "vitest";
import type { BaseDecoder } from "../../codec/base/base-codec.ts";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { BaseTrack } from "../../codec/track.ts";
import { ReplayEncoder } from "../resume/replay-encoder.ts";
import { codeBase } from "./base-stage.ts";
import type { GroupedPicture } from "./base-stage.ts";

const DURATION = 40_000;
const PICTURES = 6;

const pictureAt = (timestamp: number): Picture => ({
	...{ width: 2, height: 2, timestamp },
	...{ y: new Uint8Array(4), u: new Uint8Array(1), v: new Uint8Array(1) },
});

const times = Array.from({ length: PICTURES }, (_, index) => index * DURATION);

/** One group of pictures. */
async function* source(): AsyncGenerator<GroupedPicture, void, undefined> {
	for (const timestamp of times) {
		yield { picture: pictureAt(timestamp), duration: DURATION, group: 0, first: timestamp === 0 };
	}
}

const samples: readonly Sample[] = times.map((timestamp) => ({
	...{ data: new Uint8Array(1), timestamp, duration: DURATION, sync: timestamp === 0 },
}));

/** An encoder that knows whether it was closed. */
class Encoder extends ReplayEncoder {
	closed = false;

	override async close(): Promise<void> {
		this.closed = true;
		await super.close();
	}
}

/** Gives a picture for each sample, when that is asked for. */
class Decoder implements BaseDecoder {
	readonly #samples = new ReplayEncoder(avcTrack, samples);
	decode = ({ timestamp }: Sample) => this.#samples.encode(pictureAt(timestamp));
	finish = () => this.#samples.finish();
	close = () => this.#samples.close();
	async *pictures(): AsyncGenerator<Picture, void, undefined> {
		for await (const { timestamp } of this.#samples.samples()) {
			yield pictureAt(timestamp);
		}
	}
}

const MISTAKE = new Error("broken");
const fails = async (): Promise<never> => {
	throw MISTAKE;
};

type Broken = {
	readonly onTrack?: (track: BaseTrack) => Promise<void>;
	readonly decoder?: () => Promise<BaseDecoder>;
	readonly track?: () => Promise<BaseTrack>;
};

const coding = ({ onTrack = async () => undefined, decoder = async () => new Decoder(), track }: Broken) => {
	const encoder = new Encoder(avcTrack, samples);
	if (track !== undefined) {
		encoder.track = track;
	}
	const codecs = { encoder: async () => encoder, decoder };
	const downscale = async ({ timestamp }: SourcePicture) => pictureAt(timestamp);
	const { signal } = new AbortController();
	return { encoder, pairs: codeBase(source(), downscale, codecs, onTrack, 2, signal) };
};

describe("the base's encoder is closed", () => {
	it("when its group is coded", async () => {
		const { encoder, pairs } = coding({});
		const timestamps: number[] = [];
		for await (const { picture } of pairs) {
			timestamps.push(picture.timestamp);
		}
		expect(timestamps).toEqual(times);
		expect(encoder.closed).toBe(true);
	});

	it.each([
		["the asset cannot be made", { onTrack: fails }],
		["it cannot be described", { track: fails }],
		["there is no decoder", { decoder: fails }],
	])("where %s", async (_, broken) => {
		const { encoder, pairs } = coding(broken);
		await expect(pairs.next()).rejects.toBe(MISTAKE);
		expect(encoder.closed).toBe(true);
	});

	it("where nobody wants the rest of the group", async () => {
		const { encoder, pairs } = coding({});
		await pairs.next();
		await pairs.return();
		expect(encoder.closed).toBe(true);
	});
});
