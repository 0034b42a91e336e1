/** From the operations of a graph to calls of kernels on tensors of known size and form. */
import { declaresRanges, rangesOf } from "../certificate.ts";
import type { Channel, Value } from "../certificate-operators.ts";
import type { OnnxGraph } from "../onnx-reader.ts";
import { type Fused, fuse } from "./fuse.ts";
import { addFloatConvolution, addIntegerConvolution, type Planning } from "./convolution-steps.ts";
import { copyPlanes, orderChannels } from "./copy-rows.ts";
import { inputSizes } from "./input-sizes.ts";
import { type Form, invalidGraph, isWhole, planesOf, type Size } from "./form.ts";
import type { Concatenation, Operation } from "./operations.ts";
import { clearMargins, placeOf, type Rows, RowStorage } from "./rows.ts";
import { sizeAfter } from "./size-after.ts";
import type { Constant, RunContext, Step } from "./step.ts";

/** A graph at one picture size. */
export type Plan = {
	readonly steps: readonly Step[];
	readonly constants: readonly Constant[];
	readonly inputs: ReadonlyMap<string, Size>;
	readonly outputs: ReadonlyMap<string, Size>;
};

/**
 * How a graph is run. Where its inputs declare what they can be, whole numbers of 16 bits are computed as such, which is exact as
 * everything in those graphs is (SPEC section 7); a graph of real numbers is computed in float32.
 *
 * @param graph its constants folded
 * @param size width and height of the coded picture
 * @throws CodecError `model-invalid`; `invalid-option` for a size that is no multiple of 32
 */
export function planGraph(graph: OnnxGraph, size: { readonly width: number; readonly height: number }): Plan {
	const inputs = inputSizes(graph, size);
	const ranges = declaresRanges(graph) ? rangesOf(graph) : new Map<string, Value>();
	return new Planner(fuse(graph), inputs, ranges).plan();
}

class Planner implements Planning {
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
	/** What a convolution reads beyond the pixels of. */
	private readonly margined = new Set<RowStorage>();
	private readonly constants: Constant[] = [];

	constructor(fused: Fused, inputs: ReadonlyMap<string, Size>, ranges: ReadonlyMap<string, Value>) {
		this.fused = fused;
		this.ranges = ranges;
		this.inputs = inputs;
		this.sizes = new Map(inputs);
	}

	plan(): Plan {
		const { operations } = this.fused;
		for (const operation of operations) {
			this.sizes.set(
				operation.output,
				sizeAfter(operation, operations, (name) => this.size(name)),
			);
		}
		for (const operation of operations) if (operation.kind === "concatenation") this.joinWhereMade(operation);
		for (const operation of operations) this.add(operation);
		for (const [name, value] of this.fused.outputs) this.store(name, value);
		const outputs = new Map([...this.fused.outputs].map(([name, value]) => [name, this.size(value)]));
		return { steps: this.withMargins(), constants: this.constants, inputs: this.inputs, outputs };
	}

	/** The steps, with a first one for each storage that needs zeros around it. */
	private withMargins(): Step[] {
		const missing = new Set(this.margined);
		return this.steps.flatMap((step) => {
			const storages = step.touches.filter((storage) => missing.delete(storage));
			const clearing = storages.map((storage): Step => ({
				touches: [storage],
				take: ({ memory }) => clearMargins(memory, storage),
			}));
			return [...clearing, step];
		});
	}

	size(name: string): Size {
		const size = this.sizes.get(name);
		if (size === undefined) throw invalidGraph(`it uses ${name} before it is made`);
		return size;
	}

	/** What the channels of a value can be, where that is known. */
	channels(name: string): readonly Channel[] | undefined {
		const value = this.ranges.get(name);
		return value?.kind === "channels" ? value.channels : undefined;
	}

	fitsIntegers(name: string): boolean {
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
	make(name: string, form: Form): Rows {
		const place = this.places.get(name);
		const rows: Rows =
			place !== undefined && this.joinedForm.get(place.joined) === form
				? { storage: this.joinedStorage(place.joined, form), plane: place.plane }
				: { storage: this.storageFor(name, form), plane: 0 };
		this.made[form].set(name, rows);
		return rows;
	}

	private storageFor(name: string, form: Form): RowStorage {
		const [channels, height, width] = this.size(name);
		// Convolutions write four channels at a time.
		const planes = planesOf(4 * Math.ceil(channels / 4), form);
		return new RowStorage({ planes, height, width });
	}

	private joinedStorage(name: string, form: Form): RowStorage {
		const storage = this.joined.get(name) ?? this.storageFor(name, form);
		this.joined.set(name, storage);
		return storage;
	}

	/** A value in the form that is wanted, converted where it is there in the other one alone. */
	rows(name: string, form: Form): Rows {
		const there = this.made[form].get(name);
		if (there !== undefined) return there;
		const other = this.made[form === "integers" ? "floats" : "integers"].get(name);
		const [channels, height, width] = this.size(name);
		const rows = this.make(name, form);
		if (other === undefined) {
			if (!this.inputs.has(name)) throw invalidGraph(`it uses ${name} before it is made`);
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

	needMargins({ storage }: Rows): void {
		this.margined.add(storage);
	}

	step(touches: readonly Rows[], take: (context: RunContext) => void): void {
		this.steps.push({ touches: touches.map(({ storage }) => storage), take });
	}

	constant(data: Int32Array | Float32Array): Constant {
		const constant: Constant = { data, address: 0 };
		this.constants.push(constant);
		return constant;
	}

	private add(operation: Operation): void {
		switch (operation.kind) {
			case "convolution":
				if (!addIntegerConvolution(this, operation)) addFloatConvolution(this, operation);
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
				if (!this.fitsIntegers(operation.input))
					throw invalidGraph("DepthToSpace has no whole numbers of 16 bits");
				const input = this.rows(operation.input, "integers");
				const output = this.make(operation.output, "integers");
				const [, height, width] = this.size(operation.input);
				const [channels] = this.size(operation.output);
				return this.step([input, output], ({ kernels }) =>
					kernels.depthToSpace(...placeOf(input), ...placeOf(output), channels, width, height),
				);
			}
			case "edge-padding": {
				if (!this.fitsIntegers(operation.input)) throw invalidGraph("Pad has no whole numbers of 16 bits");
				const input = this.rows(operation.input, "integers");
				const output = this.make(operation.output, "integers");
				const [channels, height, width] = this.size(operation.output);
				const planes = planesOf(channels, "integers");
				return this.step([input, output], ({ kernels, memory }) => {
					copyPlanes(memory, input, output, planes, height, width);
					kernels.repeatEdges(...placeOf(output), planes, width, height);
				});
			}
			case "channel-order": {
				if (!this.fitsIntegers(operation.input)) throw invalidGraph("Gather has no whole numbers of 16 bits");
				const input = this.rows(operation.input, "integers");
				const output = this.make(operation.output, "integers");
				const [, height, width] = this.size(operation.output);
				return this.step([input, output], ({ memory }) =>
					orderChannels(memory, input, output, operation.order, height, width),
				);
			}
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
			if (form === "integers" && channel % 2 !== 0) throw invalidGraph("Concat begins in the middle of a pair");
			const rows = { storage, plane: planesOf(channel, form) };
			const planes = planesOf(channels, form);
			channel += channels;
			if (part.storage === storage && part.plane === rows.plane) continue;
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
