import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatentModels, LatentWriter } from "../../entropy/latent-stream.ts";
import { RansEncoder } from "../../entropy/rans.ts";
import { MotionHistory, putBidirectionalMotion } from "../../motion/bidirectional.ts";
import { MotionField, putMotion } from "../../motion/syntax.ts";
import { writeSample } from "../sample.ts";
import { defined, Stream } from "./entropy.ts";
import { LatentDecoder, QualityDecoder } from "./latent-decoder.ts";
import { MotionDecoder } from "./motion-decoder.ts";

/** Section 3, of a frame without hashes: whether it has motion and latents, and the stream of both. */
function parts(sample: Uint8Array): { hasMotion: boolean; hasLatents: boolean; stream: Stream | undefined } {
	const first = defined(sample[0]);
	const payload = sample.subarray(2, sample.length - 4);
	return {
		hasMotion: Math.floor(first / 2) % 2 === 1,
		hasLatents: first % 2 === 1,
		stream: payload.length === 0 ? undefined : new Stream(payload),
	};
}

const coordinate = fc.oneof(fc.constant(0), fc.integer({ min: -12, max: 12 }), fc.integer({ min: -1024, max: 1023 }));

/** A complete random quadtree of 2x2 roots; `draws` decide. */
function randomField(palette: readonly (readonly [number, number])[], draws: readonly number[]): MotionField {
	const field = new MotionField(8, 8);
	let next = 0;
	const draw = (below: number) => (draws[next++ % draws.length] ?? 0) % below;
	const block = (x: number, y: number, s: number) => {
		if (s > 0 && draw(2) === 1) {
			const half = 2 ** (s - 1);
			for (let k = 0; k < 4; k++) block(x + (k & 1) * half, y + (k >> 1) * half, s - 1);
			return;
		}
		const [vx, vy] = palette[draw(palette.length)] ?? [0, 0];
		field.paint(x, y, s, vx, vy);
	};
	for (const [x, y] of [
		[0, 0],
		[4, 0],
		[0, 4],
		[4, 4],
	] as const)
		block(x, y, 2);
	return field;
}

const frames = fc.record({
	bidirectional: fc.boolean(),
	directions: fc.array(fc.nat(2), { minLength: 16, maxLength: 16 }),
	palette: fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 5 }),
	draws: fc.array(fc.nat(999), { minLength: 1, maxLength: 90 }),
	copied: fc.array(fc.nat(1), { minLength: 6, maxLength: 6 }),
	levels: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
	offsets: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -4, max: 4 })), { minLength: 4, maxLength: 4 }),
	hyper: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -127, max: 127 })), { minLength: 8, maxLength: 8 }),
	scales: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 63 })), { minLength: 24, maxLength: 24 }),
	symbols: fc.array(fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -255, max: 255 })), {
		minLength: 24,
		maxLength: 24,
	}),
});

describe("a second decoder, written from the specification", () => {
	it("reads what the encoder wrote, frame after frame", () => {
		const geometry = { channels: 2, width: 4, height: 3 };
		const blocks = { width: 3, height: 2 };
		fc.assert(
			fc.property(fc.array(frames, { minLength: 1, maxLength: 4 }), (gop) => {
				const history = new MotionHistory();
				const latentModels = new LatentModels();
				const decoder = new MotionDecoder();
				const qualityDecoder = new QualityDecoder();
				const latentDecoders = { inter: new LatentDecoder(), bidirectional: new LatentDecoder() };
				for (const frame of gop) {
					const type = frame.bidirectional ? "bidirectional" : "inter";
					const latentDecoder = latentDecoders[type];
					const field = randomField(frame.palette, frame.draws);
					const scales = Uint8Array.from(frame.scales);
					const symbols = Int16Array.from(frame.symbols, (s, i) => (scales[i] === 0 ? 0 : s));
					const writer = new LatentWriter(latentModels, type);
					writer.quality(Int8Array.from(frame.offsets), { width: 2, height: 2 });
					writer.copied(Uint8Array.from(frame.copied), Uint8Array.from(frame.levels), blocks);
					writer.hyper(Int16Array.from(frame.hyper), { channels: 2, width: 2, height: 2 });
					for (const pass of [0, 1] as const) writer.pass(symbols, scales, geometry, pass);
					const [baseHash, pictureHash] = [undefined, undefined];
					const still = Array.from(field.vectors).every((v) => v === 0);
					const directions = { columns: 4, rows: 4, directions: Uint8Array.from(frame.directions) };
					const encoder = new RansEncoder();
					const hasMotion = frame.bidirectional
						? putBidirectionalMotion(encoder, { field, directions }, history)
						: putMotion(encoder, field, history.inter);
					const hasLatents = writer.finish(encoder);
					const payload = encoder.isEmpty ? new Uint8Array(0) : encoder.finish();
					const hashes = { baseHash, pictureHash };
					const sample = writeSample({ type, q: 9, ...hashes, hasMotion, hasLatents, payload });

					const { stream, ...has } = parts(sample);
					const motion = has.hasMotion ? defined(stream) : undefined;
					const { cells, directions: told } = frame.bidirectional
						? decoder.bidirectional(motion, 8, 8)
						: { cells: decoder.frame(motion, 8, 8), directions: frame.directions };
					expect(told).toEqual(frame.directions);
					const both = frame.directions.every((d) => d === 0);
					expect(!has.hasMotion).toBe(still && (both || !frame.bidirectional));
					for (let y = 0; y < 8; y++) {
						for (let x = 0; x < 8; x++) {
							const i = 2 * (8 * y + x);
							expect(defined(cells.get(`${x},${y}`))).toMatchObject({
								x: field.vectors[i],
								y: field.vectors[i + 1],
							});
						}
					}
					const empty = [...frame.hyper, ...symbols].every((s) => s === 0) && !frame.copied.includes(0);
					expect(!has.hasLatents).toBe(empty);
					if (empty) {
						latentDecoder.skip(6);
						stream?.end();
						continue;
					}
					if (stream === undefined) throw new Error("There is nothing to read latents from.");
					expect(qualityDecoder.quality(stream, 2, 2)).toEqual(frame.offsets);
					expect(latentDecoder.copied(stream, frame.levels, 3, 2)).toEqual(frame.copied);
					expect(latentDecoder.hyper(stream, 2, 2, 2)).toEqual(frame.hyper);
					const decoded = Array.from({ length: 24 }, () => 0);
					for (const pass of [0, 1]) latentDecoder.pass(stream, pass, decoded, frame.scales, [2, 3, 4]);
					stream.end();
					expect(decoded).toEqual(Array.from(symbols));
				}
			}),
			{ seed: 25, numRuns: 120 },
		);
	});
});
