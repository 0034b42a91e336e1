import { describe, expect, it } from "vitest";
import type { BaseDecoder } from "../../codec/base/base-codec.ts";
import { CodecError } from "../../codec/errors.ts";
import { avcTrack } from "../../codec/mp4/test-tracks.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { BaseTrack } from "../../codec/track.ts";
import { ReplayEncoder } from "../resume/replay-encoder.ts";
import { codeBase } from "./base-stage.ts";
import type { BaseCodecs, GroupedPicture } from "./base-stage.ts";

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

describe("what can be read only once goes on where a codec dies", () => {
	const DEAD = new CodecError("backend-failed", "The browser's video encoder failed.");

	/** Two groups of four pictures. */
	async function* once(): AsyncGenerator<GroupedPicture, void, undefined> {
		for (let index = 0; index < 8; index++) {
			const picture = pictureAt(index * DURATION);
			yield { picture, duration: DURATION, group: Math.floor(index / 4), first: index % 4 === 0 };
		}
	}

	/** Codes whatever comes, from a sync sample on, and holds some pictures back as encoders do. */
	class LivingEncoder extends ReplayEncoder {
		readonly #made: Sample[];
		readonly #dies: (timestamp: number | "finish") => boolean;

		constructor(dies: (timestamp: number | "finish") => boolean, made: Sample[] = []) {
			super(avcTrack, made);
			this.#dies = dies;
			this.#made = made;
		}

		override async encode(picture: Picture): Promise<void> {
			if (this.#dies(picture.timestamp)) {
				throw DEAD;
			}
			const { timestamp } = picture;
			this.#made.push({ data: new Uint8Array(1), timestamp, duration: 0, sync: this.#made.length === 0 });
			await super.encode(picture);
		}

		override async finish(): Promise<void> {
			if (this.#dies("finish")) {
				throw DEAD;
			}
			await super.finish();
		}
	}

	/** Decodes what an encoder like that makes. */
	class LivingDecoder extends Decoder {
		readonly #encoder: LivingEncoder;

		constructor(dies: (timestamp: number | "finish") => boolean) {
			super();
			this.#encoder = new LivingEncoder(dies);
		}

		override decode = ({ timestamp }: Sample) => this.#encoder.encode(pictureAt(timestamp));
		override finish = () => this.#encoder.finish();
		override close = () => this.#encoder.close();
		override async *pictures(): AsyncGenerator<Picture, void, undefined> {
			for await (const { timestamp } of this.#encoder.samples()) {
				yield pictureAt(timestamp);
			}
		}
	}

	/** Codecs of which one kind dies, once, at a picture or at the end of a group. */
	const dying = (kind: "encoder" | "decoder", where: number | "finish") => {
		let dead = false;
		const dies = (timestamp: number | "finish"): boolean => {
			const now = !dead && timestamp === (where === "finish" ? where : where * DURATION);
			dead ||= now;
			return now;
		};
		const lives = () => false;
		return {
			encoder: async () => new LivingEncoder(kind === "encoder" ? dies : lives),
			decoder: async () => new LivingDecoder(kind === "decoder" ? dies : lives),
		};
	};

	const code = async (codecs: BaseCodecs, goesOn?: (error: unknown) => boolean, pictures = once()) => {
		const downscale = async ({ timestamp }: SourcePicture) => pictureAt(timestamp);
		const { signal } = new AbortController();
		const begun: number[] = [];
		const got: number[] = [];
		for await (const pair of codeBase(pictures, downscale, codecs, async () => undefined, 3, signal, goesOn)) {
			got.push(pair.picture.timestamp / DURATION);
			expect(pair.sample.sync).toBe(pair.first);
			if (pair.first) {
				begun.push(pair.picture.timestamp / DURATION);
			}
		}
		return { got, begun };
	};

	const kinds = ["encoder", "decoder"] as const;
	const places = [0, 1, 2, 3, 4, 5, 6, 7, "finish"] as const;
	it.each(kinds.flatMap((kind) => places.map((place) => [kind, place] as const)))(
		"%s, at %s: every picture once, from a sync sample on",
		async (kind, place) => {
			const { got, begun } = await code(dying(kind, place), (error) => error === DEAD);
			expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
			expect(begun).toEqual(expect.arrayContaining([0, 4]));
			expect(begun.length).toBeLessThanOrEqual(3);
		},
	);

	it("not where that is not wanted, and not where the source breaks off", async () => {
		await expect(code(dying("encoder", 5))).rejects.toBe(DEAD);
		async function* broken(): AsyncGenerator<GroupedPicture, void, undefined> {
			for await (const picture of once()) {
				if (picture.picture.timestamp === 6 * DURATION) {
					throw DEAD;
				}
				yield picture;
			}
		}
		await expect(code(dying("encoder", 9), () => true, broken())).rejects.toBe(DEAD);
	});
});
