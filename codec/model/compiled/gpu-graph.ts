/// <reference types="@webgpu/types" />
import { CodecError } from "../../errors.ts";
import type { GpuPrograms } from "../gpu-programs.ts";
import { bytesOf, type GpuPlan, type GpuResource, type GpuStep } from "./gpu-plan.ts";
import type { Size } from "./form.ts";

/** A graph on one device: what never changes is there, pipelines are made. */
export class GpuGraph {
	private readonly programs: GpuPrograms;
	private readonly plan: GpuPlan;
	private readonly constants = new Map<Uint8Array<ArrayBuffer>, GPUBuffer>();
	/** Values that nobody needs after a step. */
	private readonly over: readonly (readonly string[])[];

	private constructor(plan: GpuPlan, programs: GpuPrograms) {
		this.plan = plan;
		this.programs = programs;
		this.over = valuesOver(plan);
	}

	/** Uploads weights and makes pipelines. */
	static async load(plan: GpuPlan, programs: GpuPrograms): Promise<GpuGraph> {
		const graph = new GpuGraph(plan, programs);
		for (const step of plan.steps) {
			if (step.kind !== "dispatch") continue;
			for (const resource of step.resources)
				if (typeof resource !== "string" && !graph.constants.has(resource))
					graph.constants.set(resource, programs.upload(resource));
		}
		const used = plan.steps.flatMap((step) => (step.kind === "dispatch" ? [step.program] : []));
		try {
			await Promise.all(used.map((program) => programs.prepare(program, {})));
		} catch (error) {
			graph.dispose();
			throw error;
		}
		return graph;
	}

	/**
	 * Submits one run. The outputs are buffers of the pool, which are the caller's.
	 *
	 * @throws CodecError `backend-failed` where an input is missing, or of another size than the graph was loaded for
	 */
	run(
		inputs: ReadonlyMap<string, { readonly buffer: GPUBuffer; readonly size: Size }>,
	): Map<string, { readonly buffer: GPUBuffer; readonly size: Size }> {
		const { pool, device } = this.programs;
		/** Buffers of values that are over; they go back to the pool when all is submitted, for it may destroy them. */
		const free: GPUBuffer[] = [];
		const take = (bytes: number): GPUBuffer => {
			const i = free.findIndex(({ size }) => size - bytes >= 0 && size - bytes < 16);
			return i < 0 ? pool.take(bytes) : (free.splice(i, 1)[0] as GPUBuffer);
		};
		const buffers = new Map<string, GPUBuffer>();
		for (const [name, size] of this.plan.inputs) {
			const input = inputs.get(name);
			if (input === undefined) throw new CodecError("backend-failed", `A graph lacks its input ${name}.`);
			if (size.some((side, i) => side !== input.size[i])) {
				throw new CodecError(
					"backend-failed",
					`Input ${name} of a graph is [${input.size.join(", ")}], not [${size.join(", ")}].`,
				);
			}
			buffers.set(name, input.buffer);
		}
		const kept = new Set(this.plan.outputs.values());
		const bufferOf = (resource: GpuResource): GPUBuffer =>
			(typeof resource === "string" ? buffers.get(resource) : this.constants.get(resource)) as GPUBuffer;
		const encoder = device.createCommandEncoder();
		let pass: GPUComputePassEncoder | undefined;
		for (const [i, step] of this.plan.steps.entries()) {
			const result = take(bytesOf(this.plan.sizes.get(step.output) as Size));
			buffers.set(step.output, result);
			if (step.kind === "dispatch") {
				pass ??= encoder.beginComputePass();
				this.programs.encode(pass, step.program, {}, [...step.resources.map(bufferOf), result], step.groups);
			} else {
				pass?.end();
				pass = undefined;
				for (const { input, from, to, bytes } of step.pieces)
					encoder.copyBufferToBuffer(bufferOf(input), from, result, to, bytes);
			}
			// Commands run in order: what is written there next comes after what still reads it.
			for (const name of this.over[i] ?? []) if (!kept.has(name)) free.push(buffers.get(name) as GPUBuffer);
		}
		pass?.end();
		const results = this.results(buffers, encoder);
		device.queue.submit([encoder.finish()]);
		for (const buffer of free) pool.give(buffer);
		return results;
	}

	dispose(): void {
		for (const buffer of this.constants.values()) this.programs.pool.give(buffer);
		this.constants.clear();
	}

	/** A buffer for each output; a value that is an input, or another output too, is copied. */
	private results(
		buffers: ReadonlyMap<string, GPUBuffer>,
		encoder: GPUCommandEncoder,
	): Map<string, { readonly buffer: GPUBuffer; readonly size: Size }> {
		const given = new Set<string>(this.plan.inputs.keys());
		const results = new Map<string, { readonly buffer: GPUBuffer; readonly size: Size }>();
		for (const [name, value] of this.plan.outputs) {
			const [buffer, size] = [buffers.get(value) as GPUBuffer, this.plan.sizes.get(value) as Size];
			if (!given.has(value)) {
				given.add(value);
				results.set(name, { buffer, size });
				continue;
			}
			const bytes = bytesOf(size);
			const copy = this.programs.pool.take(bytes);
			encoder.copyBufferToBuffer(buffer, 0, copy, 0, bytes);
			results.set(name, { buffer: copy, size });
		}
		return results;
	}
}

const readBy = (step: GpuStep): readonly GpuResource[] =>
	step.kind === "dispatch" ? step.resources : step.pieces.map(({ input }) => input);

/** For each step the values that were made and are needed no more after it. */
function valuesOver({ steps }: GpuPlan): string[][] {
	const last = new Map<string, number>();
	for (const [i, step] of steps.entries()) {
		last.set(step.output, i);
		for (const resource of readBy(step))
			if (typeof resource === "string" && last.has(resource)) last.set(resource, i);
	}
	const over = steps.map((): string[] => []);
	for (const [name, i] of last) over[i]?.push(name);
	return over;
}
