/// <reference types="@webgpu/types" />
import type { BufferPool } from "./gpu-buffers.ts";

/** A compute shader with the entry point `main`, and what its bindings of group 0 are, in order. */
export type GpuProgram = {
	/** Tells programs apart. */
	readonly name: string;
	/** WGSL. */
	readonly code: string;
	/** A buffer that is read, one that is written, or an imported video frame. */
	readonly bindings: readonly ("read" | "write" | "frame")[];
};

/** Values of the shader's `override` constants. */
export type GpuConstants = Readonly<Record<string, number>>;

/** Workgroups in each direction. */
export type GpuGroups = readonly [x: number, y: number, z: number];

const COMPUTE = 4;

/**
 * Compute programs on one device, run in the order of the calls. A pipeline is made once for each set of constants; buffers
 * come from the executor's pool and go back there.
 */
export class GpuPrograms {
	readonly device: GPUDevice;
	readonly pool: BufferPool;
	private readonly pipelines = new Map<string, GPUComputePipeline>();
	/** Those that are being made: many steps of many graphs want the same one at once. */
	private readonly preparing = new Map<string, Promise<GPUComputePipeline>>();

	constructor(device: GPUDevice, pool: BufferPool) {
		this.device = device;
		this.pool = pool;
	}

	/** Submits one pass. @param resources one for each binding; an imported frame must still be open */
	run(
		program: GpuProgram,
		constants: GpuConstants,
		resources: readonly (GPUBuffer | GPUExternalTexture)[],
		groups: GpuGroups,
	): void {
		const encoder = this.device.createCommandEncoder();
		const pass = encoder.beginComputePass();
		this.encode(pass, program, constants, resources, groups);
		pass.end();
		this.device.queue.submit([encoder.finish()]);
	}

	/** Adds a program to a pass; programs of one pass run in order. */
	encode(
		pass: GPUComputePassEncoder,
		program: GpuProgram,
		constants: GpuConstants,
		resources: readonly (GPUBuffer | GPUExternalTexture)[],
		groups: GpuGroups,
	): void {
		const pipeline = this.pipeline(program, constants);
		const bindGroup = this.device.createBindGroup({
			layout: pipeline.getBindGroupLayout(0),
			entries: resources.map((resource, binding) => ({
				binding,
				resource: "size" in resource ? { buffer: resource } : resource,
			})),
		});
		pass.setPipeline(pipeline);
		pass.setBindGroup(0, bindGroup);
		pass.dispatchWorkgroups(...groups);
	}

	/** Makes a pipeline before it is needed, without holding anything up. Rejects where the device refuses the shader. */
	async prepare(program: GpuProgram, constants: GpuConstants): Promise<void> {
		const key = keyOf(program, constants);
		if (this.pipelines.has(key)) return;
		let making = this.preparing.get(key);
		if (making === undefined) {
			making = this.device.createComputePipelineAsync(this.describe(program, constants));
			this.preparing.set(key, making);
		}
		try {
			this.pipelines.set(key, await making);
		} finally {
			this.preparing.delete(key);
		}
	}

	/** A buffer of the pool with these bytes at its start; give it back. */
	upload(data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
		const buffer = this.pool.take(data.byteLength);
		this.device.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
		return buffer;
	}

	private pipeline(program: GpuProgram, constants: GpuConstants): GPUComputePipeline {
		const key = keyOf(program, constants);
		const made = this.pipelines.get(key);
		if (made !== undefined) return made;
		const pipeline = this.device.createComputePipeline(this.describe(program, constants));
		this.pipelines.set(key, pipeline);
		return pipeline;
	}

	private describe({ code, bindings }: GpuProgram, constants: GpuConstants): GPUComputePipelineDescriptor {
		const module = this.device.createShaderModule({ code });
		return { layout: this.layout(bindings), compute: { module, entryPoint: "main", constants } };
	}

	/** Explicit, because a shader that ignores one of its bindings would lose it. */
	private layout(bindings: GpuProgram["bindings"]): GPUPipelineLayout {
		const entries = bindings.map((kind, binding): GPUBindGroupLayoutEntry => {
			const place = { binding, visibility: COMPUTE };
			if (kind === "frame") return { ...place, externalTexture: {} };
			return { ...place, buffer: { type: kind === "read" ? "read-only-storage" : "storage" } };
		});
		return this.device.createPipelineLayout({ bindGroupLayouts: [this.device.createBindGroupLayout({ entries })] });
	}
}

const keyOf = ({ name }: GpuProgram, constants: GpuConstants): string =>
	`${name} ${Object.values(constants).join(" ")}`;
