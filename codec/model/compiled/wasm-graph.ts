import { CodecError } from "../../errors.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { CpuGraph, PlainTensor } from "../cpu-executor.ts";
import type { LinearMemory } from "./linear-memory.ts";
import type { Size } from "./form.ts";
import type { Plan } from "./plan.ts";
import { type Layout, layOut, type RowArena } from "./row-arena.ts";
import type { Constant } from "./step.ts";

/** What the graphs of an executor share. */
export type Machine = {
	readonly kernels: Kernels;
	readonly memory: LinearMemory;
	readonly arena: RowArena;
};

const valuesOf = ([channels, height, width]: Size): number => channels * height * width;

/** A graph whose steps know where everything lies. */
export class WasmGraph implements CpuGraph {
	private readonly machine: Machine;
	private readonly plan: Plan;
	private readonly layout: Layout;
	/** Where the largest input or output is put together, from the beginning of the arena on. */
	private readonly staging: number;

	/** @throws CodecError `backend-failed` where there is not enough memory */
	constructor(plan: Plan, machine: Machine) {
		this.machine = machine;
		this.plan = plan;
		this.layout = layOut(plan.steps.map(({ touches }) => touches));
		this.staging = 16 * Math.ceil(this.layout.bytes / 16);
		const largest = Math.max(0, ...[...plan.inputs.values(), ...plan.outputs.values()].map(valuesOf));
		for (const constant of plan.constants) place(constant, machine.memory);
		machine.arena.reserve(this, this.staging + 4 * largest);
	}

	/**
	 * @throws CodecError `backend-failed` where an input is missing, or of another shape than the graph was loaded for; where a kernel traps, or
	 * there is not enough memory
	 */
	async run(feeds: ReadonlyMap<string, PlainTensor>): Promise<ReadonlyMap<string, PlainTensor>> {
		const inputs = new Map<string, Float32Array>();
		for (const [name, size] of this.plan.inputs) {
			const tensor = feeds.get(name);
			if (tensor === undefined) throw new CodecError("backend-failed", `A graph lacks its input ${name}.`);
			if (tensor.data.length !== valuesOf(size) || size.some((side, i) => side !== tensor.shape[i + 1])) {
				const [is, wanted] = [tensor.shape.join(", "), [1, ...size].join(", ")];
				throw new CodecError("backend-failed", `Input ${name} of a graph is [${is}], not [${wanted}].`);
			}
			inputs.set(name, tensor.data);
		}
		const { kernels, memory, arena } = this.machine;
		const outputs = new Map<string, Float32Array>();
		// Nothing is waited for from here on: graphs share their memory.
		const begin = arena.begin();
		for (const [storage, offset] of this.layout.offsets) storage.address = begin + offset;
		const context = { kernels, memory: memory.memory, staging: begin + this.staging, inputs, outputs };
		try {
			for (const step of this.plan.steps) step.take(context);
		} catch (cause) {
			throw new CodecError("backend-failed", "The networks failed on WASM.", { cause });
		}
		const results = new Map<string, PlainTensor>();
		for (const [name, data] of outputs) {
			const [channels, height, width] = this.plan.outputs.get(name) as Size;
			results.set(name, { data, shape: [1, channels, height, width] });
		}
		return results;
	}

	async dispose(): Promise<void> {
		for (const { address, data } of this.plan.constants) this.machine.memory.release(address, data.byteLength);
		this.machine.arena.release(this);
	}
}

function place(constant: Constant, memory: LinearMemory): void {
	const { data } = constant;
	constant.address = memory.allocate(data.byteLength);
	const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	new Uint8Array(memory.memory.buffer, constant.address, bytes.length).set(bytes);
}
