import { buildIfStale } from "./build-if-stale.ts";
import { startLocalEdge } from "./local-edge.ts";
import { announce, runCommand } from "./run-edge.ts";
import { seedSamples } from "./seed.ts";
import { readSettings } from "./settings.ts";

/** `npm start`, second step: builds, starts the edge with the pages, and puts the sample in where nothing is there. */
await runCommand(async (signal) => {
	const settings = readSettings(process.env);
	await buildIfStale(signal);
	const edge = await startLocalEdge({ ...settings, log: (text) => process.stderr.write(text), signal });
	try {
		if (await seedSamples(edge, signal)) console.log("uploaded the sample video");
		await announce(edge, signal);
	} finally {
		await edge.stop();
	}
});
