import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../bitstream/test-damage.ts";
import { readMotion, writeMotion } from "./motion-bytes.ts";
import { MotionField, MotionModels } from "./syntax.ts";

const coordinate = fc.oneof(
	fc.constant(0),
	fc.integer({ min: -4, max: 4 }),
	fc.integer({ min: -60, max: 60 }),
	fc.constantFrom(-1024, 1023),
	fc.integer({ min: -1024, max: 1023 }),
);
const vector = fc.tuple(coordinate, coordinate);
/** Few distinct vectors per field, so that merging happens. */
const palettes = fc.array(vector, { minLength: 1, maxLength: 4 });
const roots = fc.record({ width: fc.integer({ min: 1, max: 3 }), height: fc.integer({ min: 1, max: 3 }) });

/** Paints a complete random quadtree. */
function paint(
	width: number,
	height: number,
	palette: readonly (readonly [number, number])[],
	draws: readonly number[],
) {
	const field = new MotionField(4 * width, 4 * height);
	let next = 0;
	const draw = (below: number) => (draws[next++ % draws.length] ?? 0) % below;
	const block = (column: number, row: number, size: number) => {
		if (size > 0 && draw(2) === 1) {
			const half = 1 << (size - 1);
			for (let k = 0; k < 4; k++) block(column + (k & 1) * half, row + (k >> 1) * half, size - 1);
			return;
		}
		const [x, y] = palette[draw(palette.length)] ?? [0, 0];
		field.paint(column, row, size, x, y);
	};
	for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) block(4 * column, 4 * row, 2);
	return field;
}

/** Inter frames of one GOP, all of one size. */
const gops = roots.chain(({ width, height }) =>
	fc.array(
		fc
			.record({ palette: palettes, draws: fc.array(fc.nat(1000), { minLength: 1, maxLength: 80 }) })
			.map(({ palette, draws }) => paint(width, height, palette, draws)),
		{ minLength: 1, maxLength: 4 },
	),
);

describe("block motion", () => {
	it("comes back as it was, frame after frame, and leaves both sides' models alike", () => {
		fc.assert(
			fc.property(gops, (fields) => {
				const writer = new MotionModels();
				const reader = new MotionModels();
				for (const field of fields) {
					const read = readMotion(writeMotion(field, writer), field.columns, field.rows, reader);
					expect(read.vectors).toEqual(field.vectors);
					expect(read.toBlockMotion()).toEqual(field.toBlockMotion());
					// A field without motion is not written, so its leaves come back as the largest ones.
					const leaves = field.vectors.some((v) => v !== 0) ? field.leaves : field.leaves.map(() => 3);
					expect(read.leaves).toEqual(leaves);
				}
				expect(reader).toEqual(writer);
			}),
			{ seed: 20, numRuns: 150 },
		);
	});

	it("copies and resets the state of its models", () => {
		fc.assert(
			fc.property(gops, (fields) => {
				const models = new MotionModels();
				const copy = new MotionModels();
				for (const field of fields) {
					copy.copyFrom(models);
					expect(copy).toEqual(models);
					writeMotion(field, models);
				}
				models.reset();
				expect(models).toEqual(new MotionModels());
			}),
			{ seed: 21, numRuns: 30 },
		);
	});

	it("takes no byte for a frame in which nothing moves", () => {
		const still = new MotionField(8, 4);
		for (const column of [0, 4]) still.paint(column, 0, 2, 0, 0);
		expect(writeMotion(still, new MotionModels())).toHaveLength(0);
		const read = readMotion(new Uint8Array(0), 8, 4, new MotionModels());
		expect(read.toBlockMotion()).toEqual(still.toBlockMotion());
		expect(read.sizeAt(7, 3)).toBe(2);
	});

	it("takes few bytes for a pan", () => {
		const pan = new MotionField(80, 44);
		for (let row = 0; row < 44; row += 4)
			for (let column = 0; column < 80; column += 4) pan.paint(column, row, 2, -37, 5);
		expect(writeMotion(pan, new MotionModels()).length).toBeLessThan(40);
	});

	it("says which blocks move", () => {
		const field = new MotionField(4, 4);
		field.paint(0, 0, 2, 0, 0);
		field.paint(2, 2, 0, 0, -3);
		const { moved, vectors } = field.toBlockMotion();
		expect(Array.from(moved)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
		expect(vectors[21]).toBe(-3);
	});

	it("refuses incomplete fields, impossible vectors and other sizes", () => {
		const hole = new MotionField(4, 4);
		hole.paint(0, 0, 1, 5, 5);
		expect(() => writeMotion(hole, new MotionModels())).toThrow(/No leaf/);
		const far = new MotionField(4, 4);
		far.paint(0, 0, 2, 1024, 0);
		expect(() => writeMotion(far, new MotionModels())).toThrow(/out of range/);
		expect(() => new MotionField(6, 4)).toThrow(RangeError);
	});

	it("throws nothing but CodecError on damage, and keeps vectors in range", () => {
		fc.assert(
			fc.property(gops, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (fields, at, flip, cut) => {
				const writer = new MotionModels();
				const reader = new MotionModels();
				for (const field of fields) {
					const bytes = writeMotion(field, writer);
					const i = at % Math.max(bytes.length, 1);
					const damaged = cut ? bytes.subarray(0, i) : bytes.map((b, j) => (j === i ? b ^ flip : b));
					let sound = true;
					const code = codeOf(() => {
						const read = readMotion(damaged, field.columns, field.rows, reader);
						sound =
							read.vectors.every((v) => v >= -1024 && v <= 1023) && read.leaves.every((leaf) => leaf > 0);
					});
					expect([undefined, "damaged-sample"]).toContain(code);
					expect(sound).toBe(true);
				}
			}),
			{ seed: 22, numRuns: 300 },
		);
	});

	it("ends on any bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), roots, (bytes, { width, height }) => {
				const code = codeOf(() => readMotion(bytes, 4 * width, 4 * height, new MotionModels()));
				expect([undefined, "damaged-sample"]).toContain(code);
			}),
			{ seed: 23, numRuns: 500 },
		);
	});
});
