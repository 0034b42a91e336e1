/** How the executor begins and ends, with a device that only pretends. What it computes is tested in browsers. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createWebGpuExecutor, WebGpuExecutor } from "./webgpu-executor.ts";
import { testModel } from "./test-onnx.ts";

const graph = testModel({
	nodes: [{ operator: "Floor", inputs: ["x"], output: "y" }],
	constants: [],
	inputs: [{ name: "x", channels: 1, grid: 8, range: [-10, 10] }],
	outputs: [{ name: "y", channels: 1, grid: 8 }],
});
const SIZE = { width: 32, height: 32 };

/** Buffers that are there: made and not destroyed. */
let buffers = 0;
/** Submissions so far, and whether the device is. */
let submitted = 0;
let destroyed = false;
const pipeline = { getBindGroupLayout: () => ({}) };
const makePipeline = vi.fn();

class FakeDevice extends EventTarget {
	readonly lost = new Promise<never>(() => undefined);
	readonly adapterInfo = { vendor: "", architecture: "", description: "none" };
	readonly queue = { writeBuffer: () => undefined, submit: () => void submitted++ };
	readonly createComputePipelineAsync = makePipeline;
	listeners = 0;

	override addEventListener(...given: Parameters<EventTarget["addEventListener"]>): void {
		this.listeners++;
		super.addEventListener(...given);
	}
	override removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>): void {
		this.listeners--;
		super.removeEventListener(...given);
	}
	createBuffer({ size }: { readonly size: number }) {
		buffers++;
		return {
			size,
			destroy: () => void buffers--,
			mapAsync: async () => undefined,
			// The executor asks for floor(-1.5) before anything else.
			getMappedRange: () => Float32Array.of(-2).buffer,
		};
	}
	createShaderModule() {
		return {};
	}
	createBindGroupLayout() {
		return {};
	}
	createPipelineLayout() {
		return {};
	}
	createBindGroup() {
		return {};
	}
	createCommandEncoder() {
		const pass = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups() {}, end() {} };
		return { beginComputePass: () => pass, copyBufferToBuffer() {}, finish: () => ({}) };
	}
	destroy(): void {
		destroyed = true;
	}
}

let device: FakeDevice;
const shared = () => device as unknown as GPUDevice;

beforeEach(() => {
	[buffers, submitted, destroyed] = [0, 0, false];
	device = new FakeDevice();
	makePipeline.mockReset().mockResolvedValue(pipeline);
});

describe("an executor on a shared device", () => {
	it("runs, and leaves nothing on it", async () => {
		const executor = await createWebGpuExecutor({ device: shared() });
		const loaded = await executor.load(graph, SIZE);
		const x = executor.upload(new Float32Array(16), [1, 1, 4, 4]);
		const before = submitted;
		const { y } = await loaded.run({ x });
		expect(submitted).toBe(before + 1);
		expect(y?.shape).toEqual([1, 1, 4, 4]);
		for (const tensor of [x, y]) tensor?.dispose();
		await loaded.dispose();
		await executor.dispose();
		expect([buffers, device.listeners, destroyed]).toEqual([0, 0, false]);
	});

	it("makes a pipeline once, however many graphs want it at once", async () => {
		const executor = new WebGpuExecutor(shared(), false);
		await Promise.all([executor.load(graph, SIZE), executor.load(graph, SIZE)]);
		await executor.load(graph, SIZE);
		expect(makePipeline).toHaveBeenCalledTimes(1);
		await executor.dispose();
		expect(buffers).toBe(0);
	});

	it("leaves nothing on it where it refuses a shader", async () => {
		makePipeline.mockRejectedValue(new Error("too many bindings"));
		await expect(createWebGpuExecutor({ device: shared() })).rejects.toMatchObject({ code: "backend-failed" });
		expect([buffers, device.listeners, destroyed]).toEqual([0, 0, false]);
	});

	it("leaves nothing on it where it computes wrong results", async () => {
		vi.spyOn(device, "createBuffer").mockImplementation(({ size }) => {
			buffers++;
			const wrong = { mapAsync: async () => undefined, getMappedRange: () => Float32Array.of(-1.5).buffer };
			return { size, destroy: () => void buffers--, ...wrong };
		});
		await expect(createWebGpuExecutor({ device: shared() })).rejects.toMatchObject({ code: "backend-unavailable" });
		expect([buffers, device.listeners, destroyed]).toEqual([0, 0, false]);
	});
});

describe("an executor that is being disposed of", () => {
	it("takes no more work", async () => {
		const executor = await createWebGpuExecutor({ device: shared() });
		const loaded = await executor.load(graph, SIZE);
		const x = executor.upload(new Float32Array(16), [1, 1, 4, 4]);
		await Promise.all([executor.dispose(), executor.dispose()]);
		x.dispose();
		expect(() => executor.upload(new Float32Array(16), [1, 1, 4, 4])).toThrow("has been disposed");
		await expect(loaded.run({ x })).rejects.toMatchObject({ code: "invalid-option" });
		expect([buffers, device.listeners]).toEqual([0, 0]);
	});

	it("keeps nothing of a graph that was still being loaded", async () => {
		const executor = new WebGpuExecutor(shared(), false);
		const loading = executor.load(graph, SIZE);
		const disposed = executor.dispose();
		await expect(loading).rejects.toMatchObject({ code: "invalid-option" });
		await disposed;
		expect(buffers).toBe(0);
	});
});

describe("an executor whose device refuses a command", () => {
	it("takes no more work: what it has may be wrong", async () => {
		const executor = await createWebGpuExecutor({ device: shared() });
		const loaded = await executor.load(graph, SIZE);
		const x = executor.upload(new Float32Array(16), [1, 1, 4, 4]);
		const { y } = await loaded.run({ x });
		device.dispatchEvent(Object.assign(new Event("uncapturederror"), { error: { message: "too large" } }));
		await expect(loaded.run({ x })).rejects.toThrow("The GPU refused a command: too large");
		await expect(executor.download(y as NonNullable<typeof y>)).rejects.toMatchObject({ code: "backend-failed" });
		for (const tensor of [x, y]) tensor?.dispose();
		await executor.dispose();
		expect(buffers).toBe(0);
	});
});
