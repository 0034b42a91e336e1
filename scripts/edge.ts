import { startLocalEdge } from "./local-edge.ts";
import { announce, runCommand } from "./run-edge.ts";
import { readSettings } from "./settings.ts";

/** `npm run edge`: the edge alone, on this machine. */
await runCommand(async (signal) => {
	const log = (text: string): boolean => process.stderr.write(text);
	await announce(await startLocalEdge({ ...readSettings(process.env), log, signal }), signal);
});
