import type { LocalEdge } from "./local-edge.ts";

/**
 * A signal that ends with this process's job: on SIGTERM, SIGINT or SIGHUP, and when the process that started this one has
 * gone (npm does not hand every signal on). Take it before anything is started that has to be ended.
 */
export function untilStopped(): AbortSignal {
	const parent = process.ppid;
	const controller = new AbortController();
	const stop = (): void => controller.abort();
	for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
	setInterval(() => {
		if (process.ppid !== parent) stop();
	}, 500).unref();
	return controller.signal;
}

/** Says where the edge is and stays until it has ended; fails where it ended unasked. */
export async function announce(edge: LocalEdge, signal: AbortSignal): Promise<void> {
	if (edge.keyWasMade) console.log(`development key ${edge.apiKey}`);
	console.log(`ready ${edge.url}`);
	const code = await edge.ended;
	await edge.stop();
	if (!signal.aborted) throw new Error(`the edge ended by itself with code ${code}`);
}

/** Runs a command: one line for an error, and none for having been stopped. */
export async function runCommand(command: (signal: AbortSignal) => Promise<void>): Promise<void> {
	const signal = untilStopped();
	try {
		await command(signal);
	} catch (error) {
		if (signal.aborted) return;
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	}
}
