/**
 * Where the runtime's `.wasm` files are served: a folder (ends with `/`), the file itself, or whoever finds the address of a file, by its
 * name, when it is about to be loaded. A runtime that once failed to load fails from then on, so that is the moment to wait for a network.
 */
export type RuntimeUrl = string | ((file: string) => Promise<string>);

/** `runtimeUrl` as a folder or a file: the file's address. */
export function runtimeFileUrl(runtimeUrl: string, file: string): string {
	return runtimeUrl.endsWith("/") ? runtimeUrl + file : runtimeUrl;
}

/** What this thread has loaded: it stays, whatever becomes of the executors. */
const loaded = new Set<string>();

/** Says that a file of the runtime was loaded, so that nobody looks for it again. */
export function runtimeLoaded(file: string): void {
	loaded.add(file);
}

/** What tells the runtime where its file is; nothing where it looks by itself or has it already. */
export async function runtimePaths(
	runtimeUrl: RuntimeUrl | undefined,
	file: string,
): Promise<{ readonly wasmPaths?: { readonly wasm: string } }> {
	if (runtimeUrl === undefined || loaded.has(file)) return {};
	const wasm = typeof runtimeUrl === "string" ? runtimeFileUrl(runtimeUrl, file) : await runtimeUrl(file);
	return { wasmPaths: { wasm } };
}
