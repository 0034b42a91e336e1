import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run-edge.ts";
import { seedNeural } from "./seed-neural.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs wrangler in front of whoever deploys, who may have to log in. */
async function wrangler(parameters: readonly string[]): Promise<void> {
	const command = join(root, "node_modules/wrangler/bin/wrangler.js");
	const child = spawn(process.execPath, [command, ...parameters], { cwd: root, stdio: "inherit" });
	const { promise, resolve, reject } = Promise.withResolvers<number | null>();
	child.once("error", reject);
	child.once("exit", resolve);
	if ((await promise) !== 0) throw new Error(`wrangler ${parameters.join(" ")} failed; its message is above`);
}

/**
 * `npm run deploy`, after the build. Runtime and models first: a page that was deployed before what it loads would find nothing. What
 * pages of earlier deployments load stays where it is.
 */
async function deploy(): Promise<void> {
	if (!(await seedNeural(wrangler, ["--remote"]))) throw new Error("nothing is built: run `npm run build`");
	await wrangler(["deploy"]);
}

await runCommand(deploy);
