import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../bitstream/test-damage.ts";
import { decodeLatentPass, encodeLatentPass } from "./latent-coder.ts";
import { CONTEXTS, type LatentGeometry } from "./latent-contexts.ts";
import { LatentModels, LatentReader, LatentWriter } from "./latent-stream.ts";
import { RansDecoder, RansEncoder } from "./rans.ts";
import { SCALES, symbolCosts } from "./tables.ts";

const scale = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 63 }));
const symbol = fc.oneof(
	{ weight: 6, arbitrary: fc.constant(0) },
	{ weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
	fc.integer({ min: -255, max: 255 }),
	fc.constantFrom(-255, 255, 20, -20, 21, -21),
);

/** A frame's latents, hyper latents and scales. */
const frames = fc
	.record({
		channels: fc.integer({ min: 1, max: 4 }),
		width: fc.integer({ min: 1, max: 9 }),
		height: fc.integer({ min: 1, max: 6 }),
	})
	.chain((geometry) => {
		const count = geometry.channels * geometry.width * geometry.height;
		return fc.record({
			geometry: fc.constant(geometry),
			scales: fc.array(scale, { minLength: count, maxLength: count }).map((s) => Uint8Array.from(s)),
			values: fc.array(symbol, { minLength: count, maxLength: count }),
			hyper: fc.array(symbol, { minLength: 6, maxLength: 6 }).map((s) => Int16Array.from(s)),
		});
	})
	.map(({ values, ...rest }) => ({
		...rest,
		symbols: Int16Array.from(values, (s, i) => (rest.scales[i] === 0 ? 0 : s)),
	}));
type Frame = typeof frames extends fc.Arbitrary<infer T> ? T : never;
const hyperGeometry: LatentGeometry = { channels: 2, width: 3, height: 1 };

/** Scale indices as the prior has them. */
const UNCORRECTED = Uint8Array.from({ length: CONTEXTS * SCALES }, (_, i) => i % SCALES);

function write(frame: Frame, models = new LatentModels()): Uint8Array {
	const writer = new LatentWriter(models, "inter");
	writer.hyper(frame.hyper, hyperGeometry);
	writer.pass(frame.symbols, frame.scales, frame.geometry, 0);
	writer.pass(frame.symbols, frame.scales, frame.geometry, 1);
	const encoder = new RansEncoder();
	return writer.finish(encoder) ? encoder.finish() : new Uint8Array(0);
}

function read(
	bytes: Uint8Array,
	frame: Frame,
	models = new LatentModels(),
): { hyper: Int16Array; symbols: Int16Array } {
	const decoder = bytes.length === 0 ? undefined : new RansDecoder(bytes);
	const reader = new LatentReader(decoder, models, "inter");
	const hyper = new Int16Array(frame.hyper.length).fill(77);
	const symbols = new Int16Array(frame.symbols.length).fill(77);
	reader.hyper(hyper, hyperGeometry);
	reader.pass(symbols, frame.scales, frame.geometry, 0);
	reader.pass(symbols, frame.scales, frame.geometry, 1);
	decoder?.finish();
	return { hyper, symbols };
}

describe("latents", () => {
	it("come back as they were", () => {
		fc.assert(
			fc.property(frames, (frame) => {
				const { hyper, symbols } = read(write(frame), frame);
				expect(hyper).toEqual(frame.hyper);
				expect(symbols).toEqual(frame.symbols);
			}),
			{ seed: 10, numRuns: 300 },
		);
	});

	it("come back frame after frame, models learning on both sides", () => {
		fc.assert(
			fc.property(fc.array(frames, { minLength: 2, maxLength: 6 }), (gop) => {
				const [written, decoded] = [new LatentModels(), new LatentModels()];
				for (const frame of gop) {
					const { hyper, symbols } = read(write(frame, written), frame, decoded);
					expect(hyper).toEqual(frame.hyper);
					expect(symbols).toEqual(frame.symbols);
				}
			}),
			{ seed: 14, numRuns: 150 },
		);
	});

	it("take fewer bytes once the prior's scales have been found wrong", () => {
		const geometry = { channels: 4, width: 24, height: 24 };
		const count = 4 * 24 * 24;
		// One symbol in 29 is not 0, where scale 26 expects three in ten.
		const frame: Frame = {
			geometry,
			scales: new Uint8Array(count).fill(26),
			symbols: Int16Array.from({ length: count }, (_, i) => (i % 29 === 0 ? 1 : 0)),
			hyper: new Int16Array(6),
		};
		const encoder = new RansEncoder();
		for (const pass of [0, 1] as const)
			encodeLatentPass(encoder, frame.symbols, frame.scales, geometry, pass, UNCORRECTED);
		expect(write(frame).length).toBeLessThan(0.8 * encoder.finish().length);
	});

	it("take fewer bytes for hyper latents that stay as they were", () => {
		const frame: Frame = {
			geometry: { channels: 1, width: 1, height: 1 },
			scales: Uint8Array.of(0),
			symbols: Int16Array.of(0),
			hyper: Int16Array.of(3, -1, 0, 0, 5, 0),
		};
		const models = new LatentModels();
		const lengths = Array.from({ length: 12 }, () => write(frame, models).length);
		expect(lengths.at(-1)).toBeLessThan(lengths[0] ?? 0);
	});

	it("cost what the cost table says", () => {
		const costs = symbolCosts();
		fc.assert(
			fc.property(frames, (frame) => {
				const encoder = new RansEncoder();
				encodeLatentPass(encoder, frame.symbols, frame.scales, frame.geometry, 0, UNCORRECTED);
				encodeLatentPass(encoder, frame.symbols, frame.scales, frame.geometry, 1, UNCORRECTED);
				let bits = 0;
				frame.symbols.forEach(
					(s, i) => (bits += costs[(frame.scales[i] ?? 0) * 256 + Math.abs(s)] ?? Number.NaN),
				);
				expect(Math.abs(8 * encoder.finish().length - bits)).toBeLessThan(60);
			}),
			{ seed: 11 },
		);
	});

	it("touch only the positions of their pass: even x + y + c first", () => {
		const geometry = { channels: 2, width: 3, height: 2 };
		const scales = new Uint8Array(12).fill(30);
		const symbols = Int16Array.from({ length: 12 }, (_, i) => i + 1);
		const encoder = new RansEncoder();
		encodeLatentPass(encoder, symbols, scales, geometry, 0, UNCORRECTED);
		const decoded = new Int16Array(12);
		const decoder = new RansDecoder(encoder.finish());
		decodeLatentPass(decoder, scales, decoded, geometry, 0, UNCORRECTED);
		decoder.finish();
		expect(Array.from(decoded)).toEqual([1, 0, 3, 0, 5, 0, 0, 8, 0, 10, 0, 12]);
	});

	it("take no byte where everything is 0", () => {
		const geometry = { channels: 3, width: 4, height: 4 };
		const frame = {
			geometry,
			scales: new Uint8Array(48).fill(9),
			symbols: new Int16Array(48),
			hyper: new Int16Array(6),
		};
		expect(write(frame)).toHaveLength(0);
		expect(read(new Uint8Array(0), frame)).toEqual({ hyper: frame.hyper, symbols: frame.symbols });
	});

	it("refuse what cannot be coded", () => {
		const geometry = { channels: 1, width: 2, height: 1 };
		const put = (symbols: number[], scales: number[]) =>
			encodeLatentPass(
				new RansEncoder(),
				Int16Array.from(symbols),
				Uint8Array.from(scales),
				geometry,
				0,
				UNCORRECTED,
			);
		expect(() => put([1, 0], [0, 0])).toThrow(/scale 0/);
		expect(() => put([256, 0], [9, 0])).toThrow(RangeError);
		expect(() => put([1, 0], [64, 0])).toThrow(RangeError);
		expect(() => put([1], [9])).toThrow(RangeError);
		const hyper = (...symbols: number[]) => {
			const writer = new LatentWriter(new LatentModels(), "inter");
			writer.hyper(Int16Array.from(symbols), geometry);
			return () => writer.finish(new RansEncoder());
		};
		expect(hyper(256, 0)).toThrow(RangeError);
		expect(hyper(1)).toThrow(RangeError);
		expect(hyper(1, 255)).not.toThrow();
	});

	it("throw nothing but CodecError on damage, and keep symbols in range", () => {
		fc.assert(
			fc.property(frames, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (frame, at, flip, cut) => {
				const bytes = write(frame);
				fc.pre(bytes.length > 0);
				const i = at % bytes.length;
				const damaged = cut ? bytes.subarray(0, i) : bytes.map((b, j) => (j === i ? b ^ flip : b));
				let largest = 0;
				const code = codeOf(() => {
					const { hyper, symbols } = read(damaged, frame);
					largest = [...hyper, ...symbols].reduce((m, s) => Math.max(m, Math.abs(s)), 0);
				});
				expect([undefined, "damaged-sample"]).toContain(code);
				expect(largest).toBeLessThanOrEqual(255);
			}),
			{ seed: 12, numRuns: 500 },
		);
	});

	it("end on any bytes", () => {
		fc.assert(
			fc.property(frames, fc.uint8Array({ minLength: 1, maxLength: 100 }), (frame, bytes) => {
				expect([undefined, "damaged-sample"]).toContain(codeOf(() => read(bytes, frame)));
			}),
			{ seed: 13, numRuns: 300 },
		);
	});
});
