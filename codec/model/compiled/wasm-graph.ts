import { CodecError } from "../../errors.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { CpuGraph, PlainTensor } from "../cpu-executor.ts";
import type { LinearMemory } from "./linear-memory.ts";
import type { Size } from "./form.ts";
import type { Plan } from "./plan.ts";
import type { RowPool } from "./row-pool.ts";
import type { Constant } from "./step.ts";

/** What the graphs of an executor share. */
export type Machine = {
	readonly kernels: Kernels;
	readonly memory: LinearMemory;
	readonly pool: RowPool;
	/** The address of room for a tensor of so many bytes, good until the next call. */
	readonly staging: (bytes: number) => number;
};

const valuesOf = ([channels, height, width]: Size): number => channels * height * width;

/** A graph whose steps know where everything lies. */
export class WasmGraph implements CpuGraph {
	private readonly machine: Machine;
	private readonly plan: Plan;
	private readonly largest: number;

	/** @throws CodecError `backend-failed` where there is not enough memory */
	constructor(plan: Plan, machine: Machine) {
		this.machine = machine;
		this.plan = plan;
		this.largest = Math.max(0, ...[...plan.inputs.values(), ...plan.outputs.values()].map(valuesOf));
		for (const constant of plan.constants) place(constant, machine.memory);
		machine.pool.assign(
			this,
			plan.steps.map(({ touches }) => touches),
		);
		machine.staging(4 * this.largest);
	}

	/**
	 * @throws CodecError `backend-failed` where an input is missing, or of another shape than the graph was loaded for; where a kernel traps, or
	 * there is no memory for the outputs
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
		const { kernels, memory } = this.machine;
		const outputs = new Map<string, Float32Array>();
		// Nothing is waited for in between: graphs share their memory.
		const context = {
			kernels,
			memory: memory.memory,
			staging: this.machine.staging(4 * this.largest),
			inputs,
			outputs,
		};
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
		this.machine.pool.release(this);
	}
}

function place(constant: Constant, memory: LinearMemory): void {
	const { data } = constant;
	constant.address = memory.allocate(data.byteLength);
	const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	new Uint8Array(memory.memory.buffer, constant.address, bytes.length).set(bytes);
}
