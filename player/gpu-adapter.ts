/// <reference types="@webgpu/types" />

/** A browser that says nothing for so many milliseconds is taken at its word that it has WebGPU. */
const PATIENCE = 10_000;

let known: boolean | undefined;
let asked: Promise<void> | undefined;

/**
 * Whether this machine has a graphics device for WebGPU. Browsers have `navigator.gpu` on machines without one too, and only asking for an
 * adapter tells: it costs no bytes. Undefined before {@link askForAdapter}; true and false are the page's, not one player's.
 */
export function hasAdapter(): boolean | undefined {
	// A page or an extension may have defined it away.
	return navigator.gpu ? known : false;
}

/** Asks, once for a page. Never rejected. */
export function askForAdapter(): Promise<void> {
	asked ??= ask();
	return asked;
}

async function ask(): Promise<void> {
	const silent = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), PATIENCE));
	known = await Promise.race([request(), silent]);
}

/** Whatever speaks against an adapter, there is none. */
async function request(): Promise<boolean> {
	try {
		return (await navigator.gpu.requestAdapter()) !== null;
	} catch {
		return false;
	}
}
