/** How the executor begins and ends, with a device and a runtime that only pretend. What it computes is tested in browsers. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createWebGpuExecutor, WebGpuExecutor } from "./ort-webgpu-executor.ts";
import { testModel } from "./test-onnx.ts";

const graph = testModel({
	nodes: [{ operator: "Floor", inputs: ["x"], output: "y" }],
	constants: [],
	inputs: [{ name: "x", channels: 1, grid: 8, range: [-10, 10] }],
	outputs: [{ name: "y", channels: 1, grid: 8 }],
});
const SIZE = { width: 32, height: 32 };

/** What happened, in order. */
const log: string[] = [];
/** What a session does when it is run or released. */
const session = { run: vi.fn(), release: vi.fn() };
const create = vi.fn();
const tensor = (name: string) => ({
	...{ dims: [1, 1, 4, 4], type: "float32", gpuBuffer: { size: 64 } },
	dispose: () => void log.push(`${name} freed`),
});
const runtime = {
	env: { wasm: {} },
	InferenceSession: { create },
	Tensor: { fromGpuBuffer: () => tensor("input") },
};
vi.mock("onnxruntime-web/jspi", () => runtime);
vi.mock("onnxruntime-web/webgpu", () => runtime);

class FakeDevice extends EventTarget {
	readonly lost = new Promise<never>(() => undefined);
	readonly adapterInfo = { vendor: "", architecture: "", description: "none" };
	readonly queue = { writeBuffer: () => undefined };
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
		return { size, destroy: () => void log.push("pool closed") };
	}
	destroy(): void {
		log.push("device destroyed");
	}
}

let device: FakeDevice;
const shared = () => device as unknown as GPUDevice;
const executorOn = () =>
	new WebGpuExecutor(runtime as unknown as ConstructorParameters<typeof WebGpuExecutor>[0], shared(), false);

beforeEach(() => {
	log.length = 0;
	device = new FakeDevice();
	create.mockReset().mockResolvedValue(session);
	session.run.mockReset().mockImplementation(async () => ({ y: tensor("y") }));
	session.release.mockReset().mockImplementation(async () => void log.push("session released"));
});

describe("an executor on a shared device", () => {
	it("leaves nothing on it where the runtime does not start", async () => {
		create.mockRejectedValue(new Error("no such file"));
		await expect(createWebGpuExecutor({ device: shared() })).rejects.toMatchObject({ code: "backend-unavailable" });
		expect(device.listeners).toBe(0);
		expect(log).toEqual([]);
	});

	it("leaves nothing on it where the runtime fails its first run", async () => {
		session.run.mockRejectedValue(new Error("no kernel"));
		await expect(createWebGpuExecutor({ device: shared() })).rejects.toMatchObject({ code: "backend-failed" });
		expect(device.listeners).toBe(0);
		expect(log).toEqual(["session released", "pool closed"]);
	});
});

describe("an executor that is being disposed of", () => {
	it("takes no more work, and keeps its buffers until what was begun has ended", async () => {
		const executor = executorOn();
		const loaded = await executor.load(graph, SIZE);
		const x = executor.upload(new Float32Array(16), [1, 1, 4, 4]);
		let end = () => {};
		session.run.mockImplementation(async () => {
			await new Promise<void>((resolve) => (end = resolve));
			log.push("run ended");
			return { y: tensor("y") };
		});
		const running = loaded.run({ x });
		await vi.waitFor(() => expect(session.run).toHaveBeenCalled());
		const first = executor.dispose();
		x.dispose();
		const second = executor.dispose().then(() => log.push("second ended"));
		expect(() => executor.upload(new Float32Array(16), [1, 1, 4, 4])).toThrow("has been disposed");
		await expect(loaded.run({ x })).rejects.toMatchObject({ code: "invalid-option" });
		end();
		await Promise.all([running, first, second]);
		expect(log).toEqual(["run ended", "session released", "pool closed", "second ended"]);
		expect(device.listeners).toBe(0);
	});

	it("releases a session that was still being made", async () => {
		const executor = executorOn();
		const loading = executor.load(graph, SIZE);
		const disposed = executor.dispose();
		await expect(loading).rejects.toMatchObject({ code: "invalid-option" });
		await disposed;
		expect(log).toEqual(["session released"]);
	});
});

describe("an executor whose device refuses a command", () => {
	it("hands out nothing of a graph that was running, and frees it", async () => {
		const executor = executorOn();
		const loaded = await executor.load(graph, SIZE);
		const x = executor.upload(new Float32Array(16), [1, 1, 4, 4]);
		session.run.mockImplementation(async () => {
			device.dispatchEvent(Object.assign(new Event("uncapturederror"), { error: { message: "too large" } }));
			return { y: tensor("y"), z: tensor("z") };
		});
		await expect(loaded.run({ x })).rejects.toThrow("The GPU refused a command: too large");
		expect(log.toSorted()).toEqual(["y freed", "z freed"]);
		await executor.dispose();
	});
});
