#!/usr/bin/env node
import type { Writable } from "node:stream";
import { EXIT } from "./command.ts";
import { run } from "./run.ts";

/** The command line tool. */
const controller = new AbortController();
const stop = () => {
	// The second time, whoever pressed it does not want to wait for cleaning up.
	if (controller.signal.aborted) process.exit(EXIT.interrupted);
	controller.abort();
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

const write = (stream: Writable, data: string | Uint8Array): Promise<void> =>
	new Promise((resolve, reject) => {
		stream.write(data, (error) => (error === null || error === undefined ? resolve() : reject(error)));
	});

// Whoever reads our output may stop, as `head` does: that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
	process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failed),
);

process.exitCode = await run(process.argv.slice(2), {
	stdout: (data) => write(process.stdout, data),
	stderr: (text) => void process.stderr.write(text),
	interactive: process.stderr.isTTY,
	signal: controller.signal,
});
// Runtimes may keep threads alive that nobody needs any more.
process.exit();
