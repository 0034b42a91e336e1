/// <reference types="@webgpu/types" />
import type { BackendPreference } from "./reasons.ts";

/** A browser that says nothing for so many milliseconds is taken at its word that it has WebGPU. */
const PATIENCE = 10_000;

/** What a machine has for WebGPU: a graphics device, its imitation on the processor, or nothing. */
export type GpuAdapterKind = "hardware" | "software" | "none";

let known: GpuAdapterKind | undefined;
let asked: Promise<void> | undefined;

/**
 * What this machine has for WebGPU. Browsers have `navigator.gpu` on machines without a graphics device too, and only asking for an
 * adapter tells: it costs no bytes. Undefined before {@link askForAdapter}; the answer is the page's, not one player's.
 */
export function gpuAdapter(): GpuAdapterKind | undefined {
	// A page or an extension may have defined it away.
	return navigator.gpu ? known : "none";
}

/** What of a page's wish is worth trying: a graphics device imitated on the processor is slower there than WASM. */
export function worthTrying(wanted: BackendPreference): BackendPreference {
	return wanted === "auto" && gpuAdapter() === "software" ? "wasm" : wanted;
}

/** Asks, once for a page. Never rejected. */
export function askForAdapter(): Promise<void> {
	asked ??= ask();
	return asked;
}

async function ask(): Promise<void> {
	const silent = new Promise<GpuAdapterKind>((resolve) => setTimeout(() => resolve("hardware"), PATIENCE));
	known = await Promise.race([request(), silent]);
}

/** Whatever speaks against an adapter, there is none. */
async function request(): Promise<GpuAdapterKind> {
	try {
		const adapter = await navigator.gpu.requestAdapter();
		if (adapter === null) return "none";
		// Browsers before 2025 have no `info`, or do not say so in it.
		return adapter.info?.isFallbackAdapter ? "software" : "hardware";
	} catch {
		return "none";
	}
}
