/** From the operations of a graph to calls of kernels on tensors of known size and form. */
import { CodecError } from "../../errors.ts";
import { declaresRanges, rangesOf } from "../certificate.ts";
import type { Channel, Value } from "../certificate-operators.ts";
import { freeDimensions } from "../shapes.ts";
import type { OnnxGraph, OnnxValue } from "../onnx-reader.ts";
import { type Fused, fuse } from "./fuse.ts";
import { packDenseFloat, packDepthwiseFloat } from "./float-weights.ts";
import { packDense, packDepthwise } from "./integer-weights.ts";
import { type Concatenation, type Convolution, inputsOf, type Operation } from "./operations.ts";
import { placeOf, type Rows, RowStorage } from "./rows.ts";
import type { RunContext, Step } from "./step.ts";

/** Channels, height, width. */
export type Size = readonly [number, number, number];

/** Constants that kernels read: an address is given to each before anything runs. */
export type Constant = { readonly data: Int32Array | Float32Array; address: number };

/** A graph at one picture size. */
export type Plan = {
	readonly steps: readonly Step[];
	readonly constants: readonly Constant[];
	readonly inputs: ReadonlyMap<string, Size>;
	readonly outputs: ReadonlyMap<string, Size>;
};

/** Two channels of 16 bits in a plane, or one of 32. */
type Form = "integers" | "floats";

const INT16: Channel = { low: -(2 ** 15), high: 2 ** 15 - 1, unit: 0 };

const isWhole = ({ low, high, unit }: Channel): boolean => unit >= 0 && low >= INT16.low && high <= INT16.high;

const planesOf = (channels: number, form: Form): number => (form === "integers" ? Math.ceil(channels / 2) : channels);

function invalid(what: string): CodecError {
	return new CodecError("model-invalid", `A graph of the model cannot be run on WASM: ${what}.`);
}

/**
 * How a graph is run. Where its inputs declare what they can be, whole numbers of 16 bits are computed as such, which is exact as
 * everything in those graphs is (SPEC section 7); a graph of real numbers is computed in float32.
 *
 * @param graph its constants folded
 * @param size width and height of the coded picture
 * @throws CodecError `model-invalid`; `invalid-option` for a size that is no multiple of 32
 */
export function planGraph(graph: OnnxGraph, size: { readonly width: number; readonly height: number }): Plan {
	const dimensions = new Map(Object.entries(freeDimensions(size)));
	const sideOf = (side: string | number | undefined): number => {
		const known = typeof side === "string" ? dimensions.get(side) : side;
		if (known === undefined) throw invalid(`an input has a side ${side}`);
		return known;
	};
	const sizeOf = ({ name, dims: [n, channels, height, width, ...more] }: OnnxValue): Size => {
		if (n !== 1 || typeof channels !== "number" || more.length > 0) throw invalid(`${name} is no [1, C, h, w]`);
		return [channels, sideOf(height), sideOf(width)];
	};
	const inputs = new Map(graph.inputs.map((input) => [input.name, sizeOf(input)]));
	const ranges = declaresRanges(graph) ? rangesOf(graph) : new Map<string, Value>();
	return new Planner(fuse(graph), inputs, ranges).plan();
}

class Planner {
	private readonly fused: Fused;
	private readonly ranges: ReadonlyMap<string, Value>;
	private readonly inputs: ReadonlyMap<string, Size>;
	private readonly sizes: Map<string, Size>;
	private readonly made: Record<Form, Map<string, Rows>> = { integers: new Map(), floats: new Map() };
	/** Values that are made where a concatenation wants them. */
	private readonly places = new Map<string, { readonly joined: string; readonly plane: number }>();
	private readonly joined = new Map<string, RowStorage>();
	private readonly joinedForm = new Map<string, Form>();
	private readonly steps: Step[] = [];
	private readonly constants: Constant[] = [];

	constructor(fused: Fused, inputs: ReadonlyMap<string, Size>, ranges: ReadonlyMap<string, Value>) {
		this.fused = fused;
		this.ranges = ranges;
		this.inputs = inputs;
		this.sizes = new Map(inputs);
	}

	plan(): Plan {
		const { operations } = this.fused;
		for (const operation of operations) this.sizes.set(operation.output, this.sizeAfter(operation));
		for (const operation of operations) if (operation.kind === "concatenation") this.joinWhereMade(operation);
		for (const operation of operations) this.add(operation);
		for (const [name, value] of this.fused.outputs) this.store(name, value);
		const outputs = new Map([...this.fused.outputs].map(([name, value]) => [name, this.size(value)]));
		return { steps: this.steps, constants: this.constants, inputs: this.inputs, outputs };
	}

	private size(name: string): Size {
		const size = this.sizes.get(name);
		if (size === undefined) throw invalid(`it uses ${name} before it is made`);
		return size;
	}

	private sizeAfter(operation: Operation): Size {
		const [channels, height, width] = this.size(inputsOf(operation)[0] ?? "");
		switch (operation.kind) {
			case "convolution": {
				const { weights, stride } = operation;
				this.requireEdges(operation);
				const size: Size = [weights.dims[0] ?? 0, Math.floor(height / stride), Math.floor(width / stride)];
				this.requireSame(size, operation.residual);
				return size;
			}
			case "concatenation": {
				const sizes = operation.inputs.map((name) => this.size(name));
				if (sizes.some(([, h, w]) => h !== height || w !== width))
					throw invalid("it joins grids of different sizes");
				return [sizes.reduce((sum, [count]) => sum + count, 0), height, width];
			}
			case "combination": {
				const [first, second] = operation.inputs.map((name) => this.size(name)) as [Size, Size];
				if (
					first[1] !== second[1] ||
					first[2] !== second[2] ||
					(first[0] !== second[0] && second[0] !== 1 && first[0] !== 1)
				)
					throw invalid("it combines tensors of different sizes");
				return [Math.max(first[0], second[0]), height, width];
			}
			case "depth-to-space":
				if (channels % 4 !== 0) throw invalid(`${channels} channels are no whole number of blocks`);
				return [channels / 4, 2 * height, 2 * width];
			case "channel-order":
				return [operation.order.length, height, width];
			default:
				return [channels, height, width];
		}
	}

	/** A kernel that reads beyond the picture finds zeros there, where it pads, or the edges that it was given. */
	private requireEdges({ input, weights, stride, padding }: Convolution): void {
		const reach = stride === 1 ? ((weights.dims[2] ?? 0) - 1) / 2 : 0;
		const repeated = this.fused.operations.find(({ output }) => output === input);
		const edges = repeated?.kind === "edge-padding" ? repeated.padding : 0;
		if (edges + padding !== reach || edges * padding !== 0)
			throw invalid(`a convolution that reaches ${reach} pixels has ${edges + padding} around it`);
	}

	private requireSame(size: Size, residual: string | undefined): void {
		if (residual === undefined) return;
		if (this.size(residual).some((side, i) => side !== size[i]))
			throw invalid("it adds tensors of different sizes");
	}

	/** What the channels of a value can be, where that is known. */
	private channels(name: string): readonly Channel[] | undefined {
		const value = this.ranges.get(name);
		return value?.kind === "channels" ? value.channels : undefined;
	}

	private fitsIntegers(name: string): boolean {
		return this.channels(name)?.every(isWhole) ?? false;
	}

	/** Lets the inputs of a concatenation be made where it wants them, as far as they begin at a whole plane and fill their planes. */
	private joinWhereMade({ inputs, output }: Concatenation): void {
		const form: Form = [output, ...inputs].every((name) => this.fitsIntegers(name)) ? "integers" : "floats";
		this.joinedForm.set(output, form);
		let channel = 0;
		for (const name of inputs) {
			const [channels] = this.size(name);
			const whole = form === "floats" || channel % 2 === 0;
			// Convolutions write four channels at a time.
			if (whole && channels % 4 === 0 && !this.places.has(name) && !this.joinedForm.has(name))
				this.places.set(name, { joined: output, plane: planesOf(channel, form) });
			channel += channels;
		}
	}

	/** Room for a value that is about to be made. */
	private make(name: string, form: Form, { exclusive = false } = {}): Rows {
		const place = this.places.get(name);
		const rows: Rows =
			place !== undefined && this.joinedForm.get(place.joined) === form
				? { storage: this.joinedStorage(place.joined, form), plane: place.plane }
				: { storage: this.storageFor(name, form, exclusive), plane: 0 };
		this.made[form].set(name, rows);
		return rows;
	}

	private storageFor(name: string, form: Form, exclusive = false): RowStorage {
		const [channels, height, width] = this.size(name);
		// Convolutions write four channels at a time.
		const planes = planesOf(4 * Math.ceil(channels / 4), form);
		return new RowStorage({ planes, height, width }, { exclusive });
	}

	private joinedStorage(name: string, form: Form): RowStorage {
		const storage = this.joined.get(name) ?? this.storageFor(name, form);
		this.joined.set(name, storage);
		return storage;
	}

	/** A value in the form that is wanted, converted where it is there in the other one alone. */
	private rows(name: string, form: Form): Rows {
		const there = this.made[form].get(name);
		if (there !== undefined) return there;
		const other = this.made[form === "integers" ? "floats" : "integers"].get(name);
		const [channels, height, width] = this.size(name);
		const rows = this.make(name, form);
		if (other === undefined) {
			if (!this.inputs.has(name)) throw invalid(`it uses ${name} before it is made`);
			this.step([rows], ({ kernels, memory, staging, inputs }) => {
				const data = inputs.get(name) as Float32Array;
				new Float32Array(memory.buffer, staging, data.length).set(data);
				const load = form === "integers" ? kernels.integersFromPlanes : kernels.floatsFromPlanes;
				load(staging, channels, width, height, ...placeOf(rows));
			});
		} else {
			this.step([other, rows], ({ kernels }) => {
				const convert = form === "integers" ? kernels.integersFromFloats : kernels.floatsFromIntegers;
				convert(...placeOf(other), ...placeOf(rows), channels, width, height);
			});
		}
		return rows;
	}

	/** The form that a value has already, or the one that costs nothing. */
	private formOf(name: string): Form {
		if (this.made.integers.has(name)) return "integers";
		return this.made.floats.has(name) || !this.fitsIntegers(name) ? "floats" : "integers";
	}

	private step(touches: readonly Rows[], take: (context: RunContext) => void): void {
		this.steps.push({ touches: touches.map(({ storage }) => storage), take });
	}

	private constant(data: Int32Array | Float32Array): Constant {
		const constant: Constant = { data, address: 0 };
		this.constants.push(constant);
		return constant;
	}

	private add(operation: Operation): void {
		switch (operation.kind) {
			case "convolution":
				if (!this.addIntegerConvolution(operation)) this.addFloatConvolution(operation);
				return;
			case "concatenation":
				return this.addConcatenation(operation);
			case "combination": {
				const [first, second] = operation.inputs.map((name) => this.rows(name, "floats")) as [Rows, Rows];
				const [a, b] = operation.inputs.map((name) => this.size(name)[0]);
				const output = this.make(operation.output, "floats");
				const [channels, height, width] = this.size(operation.output);
				const code = { add: 0, subtract: 1, multiply: 2 }[operation.operation];
				// A plane size of 0 repeats a single channel.
				const place = (rows: Rows, count = channels) => {
					const [pointer, rowBytes, planeBytes] = placeOf(rows);
					return [pointer, rowBytes, count === channels ? planeBytes : 0] as const;
				};
				return this.step([first, second, output], ({ kernels }) =>
					kernels.combine(
						code,
						...place(first, a),
						...place(second, b),
						...placeOf(output),
						channels,
						width,
						height,
					),
				);
			}
			case "adjustment": {
				const { scale, offset, low, high, floor } = operation;
				const input = this.rows(operation.input, "floats");
				const output = this.make(operation.output, "floats");
				const [channels, height, width] = this.size(operation.output);
				return this.step([input, output], ({ kernels }) =>
					kernels.adjust(
						...placeOf(input),
						...placeOf(output),
						channels,
						width,
						height,
						scale,
						offset,
						low,
						high,
						floor ? 1 : 0,
					),
				);
			}
			case "depth-to-space": {
				if (!this.fitsIntegers(operation.input)) throw invalid("DepthToSpace has no whole numbers of 16 bits");
				const input = this.rows(operation.input, "integers");
				const output = this.make(operation.output, "integers");
				const [, height, width] = this.size(operation.input);
				const [channels] = this.size(operation.output);
				return this.step([input, output], ({ kernels }) =>
					kernels.depthToSpace(...placeOf(input), ...placeOf(output), channels, width, height),
				);
			}
			case "edge-padding": {
				if (!this.fitsIntegers(operation.input)) throw invalid("Pad has no whole numbers of 16 bits");
				const input = this.rows(operation.input, "integers");
				const output = this.make(operation.output, "integers", { exclusive: true });
				const [channels, height, width] = this.size(operation.output);
				const planes = planesOf(channels, "integers");
				return this.step([input, output], ({ kernels, memory }) => {
					copyPlanes(memory, input, output, planes, height, width);
					kernels.repeatEdges(...placeOf(output), planes, width, height);
				});
			}
			case "channel-order": {
				if (!this.fitsIntegers(operation.input)) throw invalid("Gather has no whole numbers of 16 bits");
				const input = this.rows(operation.input, "integers");
				const output = this.make(operation.output, "integers");
				const [, height, width] = this.size(operation.output);
				return this.step([input, output], ({ memory }) =>
					orderChannels(memory, input, output, operation.order, height, width),
				);
			}
		}
	}

	/** Whether a convolution was added that is computed in integers: where all it reads and writes are whole numbers of 16 bits. */
	private addIntegerConvolution(operation: Convolution): boolean {
		const { input, residual, floor, depthwise, slope } = operation;
		if (depthwise && residual !== undefined) return false;
		const channels = this.channels(input);
		const leak = -Math.log2(slope);
		const wholeResult = floor || this.channels(operation.output)?.every(({ unit }) => unit >= 0) === true;
		if (channels === undefined || !channels.every(isWhole) || !wholeResult || !Number.isInteger(leak) || leak < 0)
			return false;
		if ((residual !== undefined && !this.fitsIntegers(residual)) || !this.fitsIntegers(operation.output))
			return false;
		const packed = depthwise ? packDepthwise(operation, channels) : packDense(operation, channels);
		if (packed === undefined) return false;
		const [weights, biases] = [this.constant(packed.words), this.constant(packed.biases)];
		const low = Math.max(Math.ceil(operation.low), INT16.low);
		const high = Math.min(Math.floor(operation.high), INT16.high);
		const from = this.rows(input, "integers");
		const added = residual === undefined ? undefined : this.rows(residual, "integers");
		const to = this.make(operation.output, "integers");
		const [, height, width] = this.size(operation.output);
		const { shift } = packed;
		if (depthwise) {
			requireKernel(operation, 3);
			const pairs = Math.ceil(channels.length / 2);
			this.step([from, to], ({ kernels }) =>
				kernels.convolveDepthwise(
					...placeOf(from),
					pairs,
					...placeOf(to),
					width,
					height,
					weights.address,
					biases.address,
					shift,
					leak,
					low,
					high,
				),
			);
			return true;
		}
		const size = requireKernel(operation);
		const [pairs, blocks] = [Math.ceil(channels.length / 2), biases.data.length / 4];
		this.step([from, to, ...(added === undefined ? [] : [added])], ({ kernels }) => {
			const convolve = operation.stride === 2 ? kernels.convolveHalf : kernels.convolve;
			const residuals = added === undefined ? ([0, 0, 0] as const) : placeOf(added);
			convolve(
				...placeOf(from),
				pairs,
				...placeOf(to),
				blocks,
				width,
				height,
				size,
				weights.address,
				biases.address,
				shift,
				leak,
				...residuals,
				low,
				high,
			);
		});
		return true;
	}

	private addFloatConvolution(operation: Convolution): void {
		const { input, residual, depthwise, slope, low, high, floor } = operation;
		const packed = depthwise ? packDepthwiseFloat(operation) : packDenseFloat(operation);
		const [weights, biases] = [this.constant(packed.weights), this.constant(packed.biases)];
		const from = this.rows(input, "floats");
		const added = residual === undefined ? undefined : this.rows(residual, "floats");
		const to = this.make(operation.output, "floats");
		const [channels, height, width] = this.size(operation.output);
		const [inputs] = this.size(input);
		if (depthwise) {
			requireKernel(operation, 3);
			this.step([from, to], ({ kernels }) =>
				kernels.convolveDepthwiseFloat(
					...placeOf(from),
					inputs,
					...placeOf(to),
					width,
					height,
					weights.address,
					biases.address,
					slope,
				),
			);
		} else {
			const size = requireKernel(operation);
			this.step([from, to, ...(added === undefined ? [] : [added])], ({ kernels }) => {
				const convolve = operation.stride === 2 ? kernels.convolveHalfFloat : kernels.convolveFloat;
				const residuals = added === undefined ? ([0, 0, 0] as const) : placeOf(added);
				convolve(
					...placeOf(from),
					inputs,
					...placeOf(to),
					biases.data.length / 4,
					width,
					height,
					size,
					weights.address,
					biases.address,
					slope,
					...residuals,
				);
			});
		}
		if (depthwise && added !== undefined) {
			this.step([added, to], ({ kernels }) =>
				kernels.combine(0, ...placeOf(to), ...placeOf(added), ...placeOf(to), channels, width, height),
			);
		}
		if (floor || low !== -Infinity || high !== Infinity) {
			this.step([to], ({ kernels }) =>
				kernels.adjust(...placeOf(to), ...placeOf(to), channels, width, height, 1, 0, low, high, floor ? 1 : 0),
			);
		}
	}

	private addConcatenation({ inputs, output }: Concatenation): void {
		const form = this.joinedForm.get(output) as Form;
		const [, height, width] = this.size(output);
		const parts = inputs.map((name) => this.rows(name, form));
		const storage = this.joinedStorage(output, form);
		this.made[form].set(output, { storage, plane: 0 });
		let channel = 0;
		for (const [i, part] of parts.entries()) {
			const [channels] = this.size(inputs[i] as string);
			if (form === "integers" && channel % 2 !== 0) throw invalid("Concat begins in the middle of a pair");
			const rows = { storage, plane: planesOf(channel, form) };
			const planes = planesOf(channels, form);
			channel += channels;
			if (part.storage === storage) continue;
			this.step([part, rows], ({ memory }) => copyPlanes(memory, part, rows, planes, height, width));
		}
	}

	private store(name: string, value: string): void {
		const form = this.formOf(value);
		const rows = this.rows(value, form);
		const [channels, height, width] = this.size(value);
		this.step([rows], ({ kernels, memory, staging, outputs }) => {
			const store = form === "integers" ? kernels.planesFromIntegers : kernels.planesFromFloats;
			store(...placeOf(rows), channels, width, height, staging);
			outputs.set(name, new Float32Array(memory.buffer, staging, channels * height * width).slice());
		});
	}
}

/** The side of a kernel that there is code for. */
function requireKernel({ weights, stride }: Convolution, only?: number): number {
	const size = weights.dims[2] ?? 0;
	const known = stride === 2 ? size === 2 : stride === 1 && [1, 3, 5].includes(size);
	if (!known || (only !== undefined && (size !== only || stride !== 1)))
		throw invalid(`a ${size}x${size} kernel with a stride of ${stride}`);
	return size;
}

/** Copies the pixels of planes, line by line. */
function copyPlanes(
	memory: WebAssembly.Memory,
	from: Rows,
	to: Rows,
	planes: number,
	height: number,
	width: number,
): void {
	const bytes = new Uint8Array(memory.buffer);
	for (let plane = 0; plane < planes; plane++)
		for (let y = 0; y < height; y++) {
			const source = from.storage.pointer(from.plane + plane) + y * from.storage.rowBytes;
			const target = to.storage.pointer(to.plane + plane) + y * to.storage.rowBytes;
			bytes.copyWithin(target, source, source + 4 * width);
		}
}

/** Channel i of the result is channel `order[i]`. */
function orderChannels(
	memory: WebAssembly.Memory,
	from: Rows,
	to: Rows,
	order: readonly number[],
	height: number,
	width: number,
): void {
	const values = new Int16Array(memory.buffer);
	for (const [channel, source] of order.entries())
		for (let y = 0; y < height; y++) {
			let read =
				(from.storage.pointer(from.plane + (source >> 1)) + y * from.storage.rowBytes) / 2 + (source & 1);
			let write = (to.storage.pointer(to.plane + (channel >> 1)) + y * to.storage.rowBytes) / 2 + (channel & 1);
			for (let x = 0; x < width; x++, read += 2, write += 2) values[write] = values[read] as number;
		}
}
