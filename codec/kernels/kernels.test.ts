import { readFileSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { kernelsModule } from "./generate.ts";
import { instantiateKernels, type Kernels } from "./kernels.ts";

const memory = new WebAssembly.Memory({ initial: 64 });
const integers = new Int16Array(memory.buffer);
const words = new Int32Array(memory.buffer);
const floats = new Float32Array(memory.buffer);

/** What a kernel has to leave alone, wherever it may not write. */
const CANARY = 0x5aa55aa5;

let kernels: Kernels;
let free = 0;

beforeAll(async () => {
	kernels = await instantiateKernels(memory);
});

beforeEach(() => {
	words.fill(CANARY);
	free = 1024;
});

function allocate(bytes: number): number {
	const start = free;
	// Not a multiple of sixteen: nothing may depend on the alignment of vectors.
	free += (bytes + 67) & ~3;
	expect(free).toBeLessThan(words.byteLength);
	return start;
}

/** Park and Miller's generator: the same numbers in every run. */
let state = 1;
function random(low: number, high: number): number {
	state = (state * 48271) % 2147483647;
	return low + (state % (high - low + 1));
}

type Values = (channel: number, y: number, x: number) => number;

/** A tensor in either layout; `planes` are pairs in integer rows. */
type Rows = {
	pointer: number;
	rowBytes: number;
	planeBytes: number;
	channels: number;
	planes: number;
	width: number;
	height: number;
	whole: boolean;
	start: number;
	bytes: number;
};

function allocateRows(channels: number, width: number, height: number, whole: boolean, odd = 0): Rows {
	const planes = whole ? Math.ceil(channels / 2) : channels;
	const planeBytes = (width + 4 + odd) * 4;
	const rowBytes = planeBytes * planes + odd * 4;
	const bytes = (height + 4) * rowBytes + 64;
	const start = allocate(bytes);
	const pointer = start + 2 * rowBytes + 16;
	return { pointer, rowBytes, planeBytes, channels, planes, width, height, whole, start, bytes };
}

/** Index into `integers` or `floats`. */
function indexIn(rows: Rows, channel: number, y: number, x: number): number {
	if (!rows.whole) return (rows.pointer + y * rows.rowBytes + channel * rows.planeBytes + x * 4) / 4;
	return (rows.pointer + y * rows.rowBytes + (channel >> 1) * rows.planeBytes + x * 4) / 2 + (channel & 1);
}

function read(rows: Rows, channel: number, y: number, x: number): number {
	return (rows.whole ? integers : floats)[indexIn(rows, channel, y, x)] ?? Number.NaN;
}

/** Random values in the picture and in the margin, and beyond it up to where a kernel may read. */
function fillRows(rows: Rows, low: number, high: number): Rows {
	if (rows.whole) {
		for (let i = rows.start / 2; i < (rows.start + rows.bytes) / 2; i++) integers[i] = random(low, high);
	} else {
		for (let i = rows.start / 4; i < (rows.start + rows.bytes) / 4; i++) floats[i] = random(low, high);
	}
	return rows;
}

/** A copy of the picture and its margin, for a kernel that works in place or for what has to hold later. */
function valuesOf(rows: Rows): Values {
	const copy = new Map<number, number>();
	for (let channel = 0; channel < (rows.whole ? 2 * rows.planes : rows.channels); channel++) {
		for (let y = -2; y < rows.height + 2; y++) {
			for (let x = -2; x < rows.width + 2; x++) {
				copy.set(indexIn(rows, channel, y, x), read(rows, channel, y, x));
			}
		}
	}
	return (channel, y, x) => copy.get(indexIn(rows, channel, y, x)) ?? Number.NaN;
}

/** Runs a kernel and compares all of the memory: `rows` should have what `expected` says, the rest be as it was. */
function differenceAfter(rows: Rows, expected: Values, run: () => void, margin = 0): string {
	const channels = rows.whole ? 2 * rows.planes : rows.channels;
	const wanted = memory.buffer.slice(0);
	const view = rows.whole ? new Int16Array(wanted) : new Float32Array(wanted);
	for (let channel = 0; channel < channels; channel++) {
		for (let y = -margin; y < rows.height + margin; y++) {
			for (let x = -margin; x < rows.width + margin; x++) {
				view[indexIn(rows, channel, y, x)] = expected(channel, y, x);
			}
		}
	}
	run();
	return differenceFrom(wanted);
}

function differenceFrom(wanted: ArrayBuffer): string {
	const equal = Buffer.compare(Buffer.from(wanted), Buffer.from(memory.buffer)) === 0;
	if (equal) return "";
	const other = new Int32Array(wanted);
	const index = other.findIndex((word, i) => word !== words[i]);
	return `word at ${index * 4}: ${words[index]?.toString(16)}, expected ${other[index]?.toString(16)}`;
}

type Weights = { pointer: number; biases: number; weight: Values; bias: (output: number) => number };

/** Weights of a dense convolution; `weight(output, input channel, tap)`. */
function denseWeights(inputs: number, outputs: number, taps: number, whole: boolean, largest: number): Weights {
	const table = Array.from({ length: outputs * inputs * taps }, () => random(-largest, largest));
	const biases = Array.from({ length: outputs }, () => random(-largest * 100, largest * 100));
	const weight: Values = (output, input, tap) => table[(output * inputs + input) * taps + tap] ?? 0;
	const bias = (output: number) => biases[output] ?? 0;
	const planes = whole ? inputs / 2 : inputs;
	const pointer = allocate(outputs * planes * taps * 4);
	const biasPointer = allocate(outputs * 4);
	const numbers = whole ? words : floats;
	let index = pointer / 4;
	for (let block = 0; block < outputs; block += 4) {
		for (let plane = 0; plane < planes; plane++) {
			for (let tap = 0; tap < taps; tap++) {
				for (let output = block; output < block + 4; output++) {
					numbers[index++] = whole
						? (weight(output, 2 * plane, tap) & 0xffff) | (weight(output, 2 * plane + 1, tap) << 16)
						: weight(output, plane, tap);
				}
			}
		}
	}
	for (let output = 0; output < outputs; output++) numbers[biasPointer / 4 + output] = bias(output);
	return { pointer, biases: biasPointer, weight, bias };
}

type After = { shift: number; leak: number; residual: Values | undefined; low: number; high: number };

function finished(sum: number, after: After, channel: number, y: number, x: number): number {
	let result = sum >> after.shift;
	if (after.leak !== 0) result = Math.max(result, sum >> (after.shift + after.leak));
	if (after.residual !== undefined) result += after.residual(channel, y, x);
	return Math.min(Math.max(result, after.low), after.high);
}

const WIDTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 21];
const AFTER = [
	{ shift: 0, leak: 0, low: -32768, high: 32767, withResidual: false, largest: 3 },
	{ shift: 9, leak: 0, low: -300, high: 200, withResidual: false, largest: 32767 },
	{ shift: 13, leak: 3, low: -32768, high: 32767, withResidual: false, largest: 32767 },
	{ shift: 14, leak: 0, low: -255, high: 255, withResidual: true, largest: 32767 },
	{ shift: 5, leak: 2, low: -4000, high: 32767, withResidual: true, largest: 32767 },
];

/** The sum of one output of a dense convolution; its size is such that int32 holds it. */
function dense(input: Values, inputs: number, weights: Weights, stride: number, size: number, reach: number) {
	return (output: number, y: number, x: number): number => {
		let sum = weights.bias(output);
		for (let channel = 0; channel < inputs; channel++) {
			for (let ky = 0; ky < size; ky++) {
				for (let kx = 0; kx < size; kx++) {
					const pixel = input(channel, y * stride + ky - reach, x * stride + kx - reach);
					sum += pixel * weights.weight(output, channel, ky * size + kx);
				}
			}
		}
		return sum;
	};
}

describe("dense convolutions", () => {
	for (const size of [1, 2, 3, 5]) {
		for (const whole of [true, false]) {
			for (const [index, { withResidual, largest, ...after }] of AFTER.entries()) {
				it(`${whole ? "integers" : "floats"}, size ${size}, case ${index}`, () => {
					for (const width of WIDTHS) {
						free = 1024;
						words.fill(CANARY);
						const height = 1 + (width % 3);
						const inputs = whole ? 6 : 5;
						const outputs = 8;
						const stride = size === 2 ? 2 : 1;
						const reach = size === 2 ? 0 : size >> 1;
						const input = fillRows(
							allocateRows(inputs, width * stride, height * stride, whole, width % 2),
							whole ? -200 : -9,
							whole ? 200 : 9,
						);
						const output = allocateRows(outputs, width, height, whole, 1);
						const added = fillRows(
							allocateRows(outputs, width, height, whole, 2),
							whole ? -32768 : -9,
							whole ? 32767 : 9,
						);
						const residual = withResidual ? added.pointer : 0;
						const weights = denseWeights(inputs, outputs, size * size, whole, whole ? largest : 9);
						const sum = dense(valuesOf(input), inputs, weights, stride, size, reach);
						const others = valuesOf(added);
						const shared = [
							output.pointer,
							output.rowBytes,
							output.planeBytes,
							outputs / 4,
							width,
							height,
							size,
							weights.pointer,
							weights.biases,
						] as const;
						const full: After = { ...after, residual: withResidual ? others : undefined };
						// Small whole numbers and powers of two: float32 has no rounding here.
						const slope = after.leak === 0 ? 1 : 2 ** -after.leak;
						const expected: Values = (channel, y, x) => {
							const result = sum(channel, y, x);
							if (whole) return finished(result, full, channel, y, x);
							return (result < 0 ? result * slope : result) + (withResidual ? others(channel, y, x) : 0);
						};
						const source = [input.pointer, input.rowBytes, input.planeBytes, input.planes] as const;
						const { rowBytes, planeBytes } = added;
						const { shift, leak, low, high } = after;
						const run = () => {
							if (whole) {
								const kernel = size === 2 ? kernels.convolveHalf : kernels.convolve;
								kernel(...source, ...shared, shift, leak, residual, rowBytes, planeBytes, low, high);
							} else {
								const kernel = size === 2 ? kernels.convolveHalfFloat : kernels.convolveFloat;
								kernel(...source, ...shared, slope, residual, rowBytes, planeBytes);
							}
						};
						expect(differenceAfter(output, expected, run)).toBe("");
					}
				});
			}
		}
	}

	it("writes over its residual", () => {
		const input = fillRows(allocateRows(4, 13, 3, true), -200, 200);
		const output = fillRows(allocateRows(4, 13, 3, true), -500, 500);
		const weights = denseWeights(4, 4, 9, true, 500);
		const sum = dense(valuesOf(input), 4, weights, 1, 3, 1);
		const after: After = { shift: 8, leak: 3, residual: valuesOf(output), low: -32768, high: 32767 };
		const { pointer, rowBytes, planeBytes } = output;
		expect(
			differenceAfter(
				output,
				(channel, y, x) => finished(sum(channel, y, x), after, channel, y, x),
				() =>
					kernels.convolve(
						input.pointer,
						input.rowBytes,
						input.planeBytes,
						2,
						pointer,
						rowBytes,
						planeBytes,
						1,
						13,
						3,
						3,
						weights.pointer,
						weights.biases,
						8,
						3,
						pointer,
						rowBytes,
						planeBytes,
						-32768,
						32767,
					),
			),
		).toBe("");
	});
});

describe("depthwise convolutions", () => {
	for (const whole of [true, false]) {
		for (const [index, { withResidual: _, largest, ...after }] of AFTER.entries()) {
			it(`${whole ? "integers" : "floats"}, case ${index}`, () => {
				for (const width of WIDTHS) {
					free = 1024;
					words.fill(CANARY);
					const height = 1 + (width % 3);
					const channels = whole ? 6 : 5;
					const limit = whole ? 800 : 9;
					const input = fillRows(allocateRows(channels, width, height, whole, width % 2), -limit, limit);
					const output = allocateRows(channels, width, height, whole, 1);
					const table = Array.from({ length: channels * 9 }, () =>
						whole ? random(-largest, largest) : random(-9, 9),
					);
					const biases = Array.from({ length: channels }, () => random(-2000, 2000));
					const weightPointer = allocate(channels * (whole ? 20 : 36));
					const biasPointer = allocate(channels * 4);
					for (let channel = 0; channel < channels; channel++) {
						(whole ? words : floats)[biasPointer / 4 + channel] = biases[channel] ?? 0;
						for (let tap = 0; tap < (whole ? 10 : 9); tap++) {
							const value = tap === 9 ? 0 : (table[channel * 9 + tap] ?? 0);
							if (whole) integers[weightPointer / 2 + channel * 10 + tap] = value;
							else floats[weightPointer / 4 + channel * 9 + tap] = value;
						}
					}
					const pixels = valuesOf(input);
					const sum: Values = (channel, y, x) => {
						let result = biases[channel] ?? 0;
						for (let tap = 0; tap < 9; tap++) {
							const pixel = pixels(channel, y + Math.floor(tap / 3) - 1, x + (tap % 3) - 1);
							result += pixel * (table[channel * 9 + tap] ?? 0);
						}
						return result;
					};
					const slope = after.leak === 0 ? 1 : 2 ** -after.leak;
					const full: After = { ...after, residual: undefined };
					const shared = [
						input.pointer,
						input.rowBytes,
						input.planeBytes,
						input.planes,
						output.pointer,
						output.rowBytes,
						output.planeBytes,
						width,
						height,
						weightPointer,
						biasPointer,
					] as const;
					expect(
						differenceAfter(
							output,
							(channel, y, x) => {
								const result = sum(channel, y, x);
								if (whole) return finished(result, full, channel, y, x);
								return result < 0 ? result * slope : result;
							},
							() => {
								if (whole)
									kernels.convolveDepthwise(
										...shared,
										after.shift,
										after.leak,
										after.low,
										after.high,
									);
								else kernels.convolveDepthwiseFloat(...shared, slope);
							},
						),
					).toBe("");
				}
			});
		}
	}
});

describe("layouts", () => {
	it("moves depth to space", () => {
		for (const width of WIDTHS) {
			for (const channels of [1, 2, 3, 4]) {
				free = 1024;
				words.fill(CANARY);
				const height = 1 + (width % 3);
				const input = fillRows(allocateRows(4 * channels, width, height, true, 1), -32768, 32767);
				const output = allocateRows(channels, 2 * width, 2 * height, true, width % 2);
				const pixels = valuesOf(input);
				expect(
					differenceAfter(
						output,
						(channel, y, x) =>
							channel < channels ? pixels(4 * channel + 2 * (y & 1) + (x & 1), y >> 1, x >> 1) : 0,
						() =>
							kernels.depthToSpace(
								input.pointer,
								input.rowBytes,
								input.planeBytes,
								output.pointer,
								output.rowBytes,
								output.planeBytes,
								channels,
								width,
								height,
							),
					),
				).toBe("");
			}
		}
	});

	for (const whole of [true, false]) {
		it(`goes from planes to ${whole ? "integer" : "float"} rows and back`, () => {
			for (const width of WIDTHS) {
				for (const channels of [1, 2, 3, 4]) {
					free = 1024;
					words.fill(CANARY);
					const height = 1 + (width % 3);
					const count = channels * width * height;
					const planes = allocate(count * 4);
					for (let i = 0; i < count; i++) floats[planes / 4 + i] = random(-32768, 32767);
					const rows = allocateRows(channels, width, height, whole, 1);
					const { pointer, rowBytes, planeBytes } = rows;
					const pixels: Values = (channel, y, x) =>
						channel < channels ? (floats[planes / 4 + (channel * height + y) * width + x] ?? 0) : 0;
					const into = whole ? kernels.integersFromPlanes : kernels.floatsFromPlanes;
					expect(
						differenceAfter(rows, pixels, () =>
							into(planes, channels, width, height, pointer, rowBytes, planeBytes),
						),
					).toBe("");

					const target = allocate(count * 4);
					const back = whole ? kernels.planesFromIntegers : kernels.planesFromFloats;
					const wanted = memory.buffer.slice(0);
					new Float32Array(wanted).copyWithin(target / 4, planes / 4, planes / 4 + count);
					back(pointer, rowBytes, planeBytes, channels, width, height, target);
					expect(differenceFrom(wanted)).toBe("");
				}
			}
		});
	}

	it("reads planes up to the end of the memory", () => {
		for (const width of [1, 2, 3, 5]) {
			const planes = memory.buffer.byteLength - width * 4;
			free = 1024;
			const rows = allocateRows(1, width, 1, true);
			for (let x = 0; x < width; x++) floats[planes / 4 + x] = 7 + x;
			expect(
				differenceAfter(
					rows,
					(channel, _, x) => (channel === 0 ? 7 + x : 0),
					() => kernels.integersFromPlanes(planes, 1, width, 1, rows.pointer, rows.rowBytes, rows.planeBytes),
				),
			).toBe("");
		}
	});

	it("goes between integer and float rows", () => {
		for (const width of WIDTHS) {
			for (const channels of [1, 2, 3, 4]) {
				free = 1024;
				words.fill(CANARY);
				const height = 1 + (width % 3);
				const source = fillRows(allocateRows(channels, width, height, false, 1), -32768, 32767);
				const middle = allocateRows(channels, width, height, true, width % 2);
				const target = allocateRows(channels, width, height, false);
				const pixels = valuesOf(source);
				expect(
					differenceAfter(
						middle,
						(channel, y, x) => (channel < channels ? pixels(channel, y, x) : 0),
						() =>
							kernels.integersFromFloats(
								source.pointer,
								source.rowBytes,
								source.planeBytes,
								middle.pointer,
								middle.rowBytes,
								middle.planeBytes,
								channels,
								width,
								height,
							),
					),
				).toBe("");
				expect(
					differenceAfter(target, pixels, () =>
						kernels.floatsFromIntegers(
							middle.pointer,
							middle.rowBytes,
							middle.planeBytes,
							target.pointer,
							target.rowBytes,
							target.planeBytes,
							channels,
							width,
							height,
						),
					),
				).toBe("");
			}
		}
	});

	it("repeats edges", () => {
		for (const width of WIDTHS) {
			for (const height of [1, 2, 5]) {
				free = 1024;
				words.fill(CANARY);
				const rows = fillRows(allocateRows(6, width, height, true, width % 2), -32768, 32767);
				const pixels = valuesOf(rows);
				const inside = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1);
				expect(
					differenceAfter(
						rows,
						(channel, y, x) => pixels(channel, inside(y, height), inside(x, width)),
						() => kernels.repeatEdges(rows.pointer, rows.rowBytes, rows.planeBytes, 3, width, height),
						2,
					),
				).toBe("");
			}
		}
	});
});

describe("pointwise", () => {
	const operations: readonly ((a: number, b: number) => number)[] = [
		(a, b) => a + b,
		(a, b) => a - b,
		(a, b) => a * b,
	];
	for (const [operation, reference] of operations.entries()) {
		for (const repeated of ["none", "first", "second"]) {
			for (const inPlace of [false, true]) {
				it(`combines, operation ${operation}, repeated: ${repeated}, in place: ${inPlace}`, () => {
					for (const width of WIDTHS) {
						free = 1024;
						words.fill(CANARY);
						const a = fillRows(allocateRows(repeated === "first" ? 1 : 3, width, 2, false, 1), -99, 99);
						const b = fillRows(allocateRows(repeated === "second" ? 1 : 3, width, 2, false), -99, 99);
						const output = inPlace ? (repeated === "first" ? b : a) : allocateRows(3, width, 2, false, 2);
						const first = valuesOf(a);
						const second = valuesOf(b);
						expect(
							differenceAfter(
								output,
								(channel, y, x) =>
									reference(
										first(repeated === "first" ? 0 : channel, y, x),
										second(repeated === "second" ? 0 : channel, y, x),
									),
								() =>
									kernels.combine(
										operation,
										a.pointer,
										a.rowBytes,
										repeated === "first" ? 0 : a.planeBytes,
										b.pointer,
										b.rowBytes,
										repeated === "second" ? 0 : b.planeBytes,
										output.pointer,
										output.rowBytes,
										output.planeBytes,
										3,
										width,
										2,
									),
							),
						).toBe("");
					}
				});
			}
		}
	}

	for (const floor of [0, 1]) {
		for (const inPlace of [false, true]) {
			it(`adjusts, floor ${floor}, in place: ${inPlace}`, () => {
				for (const width of WIDTHS) {
					free = 1024;
					words.fill(CANARY);
					const input = fillRows(allocateRows(3, width, 2, false, 1), -99, 99);
					const output = inPlace ? input : allocateRows(3, width, 2, false);
					const pixels = valuesOf(input);
					const scale = Math.fround(0.37);
					const offset = Math.fround(0.3);
					const [low, high] = [Math.fround(-20.3), 30];
					expect(
						differenceAfter(
							output,
							(channel, y, x) => {
								const moved = Math.fround(Math.fround(pixels(channel, y, x) * scale) + offset);
								const clamped = Math.min(Math.max(moved, low), high);
								return floor === 0 ? clamped : Math.floor(clamped);
							},
							() =>
								kernels.adjust(
									input.pointer,
									input.rowBytes,
									input.planeBytes,
									output.pointer,
									output.rowBytes,
									output.planeBytes,
									3,
									width,
									2,
									scale,
									offset,
									low,
									high,
									floor,
								),
						),
					).toBe("");
				}
			});
		}
	}
});

describe("the module", () => {
	afterEach(() => {
		vi.unstubAllGlobals();
		vi.restoreAllMocks();
		vi.resetModules();
	});

	it("is what its sources compile to", async () => {
		const committed = readFileSync(new URL("kernels.generated.ts", import.meta.url), "utf8");
		expect(await kernelsModule()).toBe(committed);
	});

	it("says what a browser without WebAssembly, without SIMD, or a page that forbids it lacks", async () => {
		const compileAnew = async () => {
			vi.resetModules();
			return (await import("./kernels.ts")).compileKernels();
		};
		vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError("refused"));
		await expect(compileAnew()).rejects.toMatchObject({
			code: "backend-unavailable",
			hint: expect.stringContaining("wasm-unsafe-eval"),
		});
		vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
		await expect(compileAnew()).rejects.toMatchObject({
			code: "backend-unavailable",
			message: expect.stringContaining("SIMD"),
		});
		vi.stubGlobal("WebAssembly", undefined);
		await expect(compileAnew()).rejects.toMatchObject({
			code: "backend-unavailable",
			message: expect.stringContaining("no WebAssembly"),
		});
	});
});
