/// <reference types="@webgpu/types" />
import { CodecError } from "../errors.ts";

/** Limits that large pictures need; taken as high as the adapter offers. */
const LIMITS = [
	"maxBufferSize",
	"maxStorageBufferBindingSize",
	"maxStorageBuffersPerShaderStage",
	"maxComputeWorkgroupStorageSize",
	"maxComputeInvocationsPerWorkgroup",
	"maxComputeWorkgroupSizeX",
	"maxComputeWorkgroupSizeY",
	"maxComputeWorkgroupSizeZ",
	"maxComputeWorkgroupsPerDimension",
] as const;

/**
 * A WebGPU device for the codec.
 *
 * @throws CodecError `backend-unavailable` where there is no WebGPU, no adapter, or no device
 */
export async function requestGpuDevice(): Promise<GPUDevice> {
	const gpu = typeof navigator === "undefined" ? undefined : navigator.gpu;
	if (gpu === undefined) {
		throw new CodecError("backend-unavailable", "This environment has no WebGPU.", {
			hint: "WebGPU needs a recent browser and a secure page (https or localhost).",
		});
	}
	let adapter: GPUAdapter | null;
	try {
		adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
	} catch (cause) {
		throw new CodecError("backend-unavailable", "Asking for a WebGPU adapter failed.", { cause });
	}
	if (adapter === null) {
		throw new CodecError("backend-unavailable", "The browser offers no WebGPU adapter for this machine.", {
			hint: "Check that hardware acceleration is switched on.",
		});
	}
	const requiredLimits: Record<string, number> = {};
	for (const name of LIMITS) requiredLimits[name] = adapter.limits[name];
	try {
		return await adapter.requestDevice({ requiredLimits });
	} catch (cause) {
		throw new CodecError("backend-unavailable", "The WebGPU adapter gives no device.", { cause });
	}
}

/** For people: "NVIDIA ada", or what little the browser tells. */
export function describeGpu(device: GPUDevice): string {
	const { vendor, architecture, description } = device.adapterInfo;
	const words = [vendor, architecture].filter((word) => word !== "").join(" ");
	return words !== "" ? words : description !== "" ? description : "unnamed device";
}
