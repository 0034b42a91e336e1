import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FrameType } from "../bitstream/frame-header.ts";
import { LatentModels, LatentReader, LatentWriter } from "./latent-stream.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";

const QUALITY = { width: 2, height: 2 };
const COPIED = { width: 4, height: 4 };
const HYPER = { channels: 2, width: 2, height: 2 };
const LATENTS = { channels: 2, width: 8, height: 8 };

/** A frame; any but an intra frame has flags of copied blocks. */
type Frame = {
	readonly type: FrameType;
	readonly offsets: readonly number[];
	readonly copied: readonly number[] | undefined;
	readonly first: number;
};

const write = ({ type, offsets, copied, first }: Frame, models: LatentModels): Uint8Array => {
	const writer = new LatentWriter(models, type);
	writer.quality(Int8Array.from(offsets), QUALITY);
	if (copied !== undefined) writer.copied(Uint8Array.from(copied), new Uint8Array(16), COPIED);
	writer.hyper(Int16Array.of(first, 0, 0, 0, 0, 0, 0, 0), HYPER);
	for (const pass of [0, 1] as const) writer.pass(new Int16Array(128), new Uint8Array(128).fill(9), LATENTS, pass);
	const encoder = new RansEncoder();
	return writer.finish(encoder) ? encoder.finish() : new Uint8Array(0);
};

const read = (bytes: Uint8Array, type: FrameType, models: LatentModels): Frame => {
	const decoder = bytes.length === 0 ? undefined : new RansDecoder(bytes);
	const reader = new LatentReader(decoder, models, type);
	const [offsets, hyper, symbols] = [new Int8Array(4).fill(3), new Int16Array(8), new Int16Array(128)];
	const copied = type === "intra" ? undefined : new Uint8Array(16);
	reader.quality(offsets, QUALITY);
	if (copied !== undefined) reader.copied(copied, new Uint8Array(16), COPIED);
	reader.hyper(hyper, HYPER);
	for (const pass of [0, 1] as const) reader.pass(symbols, new Uint8Array(128).fill(9), LATENTS, pass);
	decoder?.finish();
	return { type, offsets: [...offsets], copied: copied && [...copied], first: hyper[0] as number };
};

describe("latents in a stream", () => {
	it("say the quality of every block, also where nothing is added to the prediction", () => {
		const offsets = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -4, max: 4 })), {
			minLength: 4,
			maxLength: 4,
		});
		const flags = fc.oneof(
			fc.constant(Array.from({ length: 16 }, () => 1)),
			fc.array(fc.nat(1), { minLength: 16, maxLength: 16 }),
		);
		const inter = fc.record({
			type: fc.constantFrom("inter" as const, "bidirectional" as const),
			offsets,
			copied: flags,
			first: fc.constantFrom(0, 0, 5),
		});
		const intra = fc.record({
			type: fc.constant("intra" as const),
			offsets,
			copied: fc.constant(undefined),
			first: fc.constantFrom(0, 0, 5),
		});
		fc.assert(
			fc.property(intra, fc.array(inter, { maxLength: 3 }), (begin, rest) => {
				const [writes, reads] = [new LatentModels(), new LatentModels()];
				for (const frame of [begin, ...rest]) {
					const bytes = write(frame, writes);
					const back = read(bytes, frame.type, reads);
					// A frame that is all copied shows nothing that a quality would change, and may leave it out.
					const told = bytes.length > 0 || frame.copied === undefined;
					expect(back).toEqual(told ? frame : { ...frame, offsets: back.offsets });
				}
			}),
			{ seed: 61, numRuns: 200 },
		);
	});

	it("are none at all for an intra frame of nothing but zeros, and for an inter frame that is all copied", () => {
		const models = new LatentModels();
		expect(write({ type: "intra", offsets: [0, 0, 0, 0], copied: undefined, first: 0 }, models)).toHaveLength(0);
		expect(
			write(
				{ type: "inter", offsets: [1, 0, 0, 0], copied: Array.from({ length: 16 }, () => 1), first: 0 },
				models,
			),
		).toHaveLength(0);
	});
});
