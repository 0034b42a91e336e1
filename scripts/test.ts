import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build-if-stale.ts";
import { installNeeds } from "./needs.ts";
import { untilStopped } from "./run-edge.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * `npm test`: brings what the tests need, builds what they run against, runs all of them (or those of the arguments). Ends vitest
 * where it is itself stopped.
 */
try {
	const signal = untilStopped();
	await installNeeds();
	await buildIfStale(signal);
	const vitest = join(root, "node_modules/vitest/vitest.mjs");
	const child = spawn(process.execPath, [vitest, "run", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
	signal.addEventListener("abort", () => child.kill("SIGTERM"));
	const [code] = (await once(child, "exit")) as [number | null];
	process.exitCode = code ?? 1;
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
