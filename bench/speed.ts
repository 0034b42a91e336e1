import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { macsPerPixel } from "./macs.ts";
import { table, writeSection } from "./results.ts";

/**
 * `npm run bench:speed`: frames a second of encoder and decoder on native CPU and WASM, multiplications per pixel, bytes
 * of the model, symbols a second of the entropy coder. Each measurement runs in a process of its own, one after another.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const model = join(root, "models/crescendo-1");

const GRAPHS = {
	base: "parser and reconstruction share its input",
	intra: "intra frames",
	keep: "inter frames",
	context: "all frames",
	synthesis: "all frames",
	"prior-first": "parser",
	"prior-second": "parser",
	analysis: "encoder only",
} as const;

/** Graphs of one kind of frame. */
const INTER = ["base", "keep", "context", "synthesis", "prior-first", "prior-second"];
const INTRA = ["base", "intra", "context", "synthesis", "prior-first", "prior-second"];
const PARSER = ["prior-first", "prior-second"];

async function run(...parameters: string[]): Promise<string> {
	const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: root, maxBuffer: 2 ** 24 });
	return stdout.trim();
}

async function costs(): Promise<string> {
	const files = await Promise.all(
		Object.keys(GRAPHS).map(async (name) => ({ name, bytes: await readFile(join(model, `${name}.onnx`)) })),
	);
	const macs = new Map(files.map(({ name, bytes }) => [name, macsPerPixel(bytes)]));
	const rows = files.map(({ name, bytes }) => [
		name,
		GRAPHS[name as keyof typeof GRAPHS],
		(macs.get(name) ?? 0).toFixed(0),
		bytes.length.toLocaleString("en"),
		gzipSync(bytes, { level: 9 }).length.toLocaleString("en"),
	]);
	const sum = (names: readonly string[]): string =>
		names.reduce((total, name) => total + (macs.get(name) ?? 0), 0).toFixed(0);
	const tables = await readFile(join(model, "tables.json"));
	const decoding = [...files.filter(({ name }) => name !== "analysis").map(({ bytes }) => bytes), tables];
	const wire = decoding.reduce((total, bytes) => total + gzipSync(bytes, { level: 9 }).length, 0);
	return [
		table(["graph", "used by", "MAC per pixel", "bytes", "gzip"], rows),
		`Decoding takes ${sum(INTER)} MAC per pixel in an inter frame and ${sum(INTRA)} in an intra frame, ${sum(PARSER)} of them in the parser.`,
		`A player fetches ${decoding.reduce((total, { length }) => total + length, 0).toLocaleString("en")} bytes of model (graphs and tables), ${wire.toLocaleString("en")} over the wire with gzip.`,
	].join("\n\n");
}

const speed = await run("bench/enhancement-speed.ts");
const entropy = await run("bench/entropy.ts");
const report = [
	"## Speed and cost",
	`\`npm run bench:speed\` on ${cpus()[0]?.model ?? "an unnamed processor"}, ${availableParallelism()} cores, Node ${process.versions.node}. Networks on one thread; synthetic moving pictures, the first frame left out.`,
	`### Encoder and decoder\n\n\`\`\`\n${speed}\n\`\`\``,
	`### Entropy coder, one thread\n\n\`\`\`\n${entropy}\n\`\`\``,
	`### Multiplications and model bytes, counted from the files\n\n${await costs()}`,
].join("\n\n");
console.log(report);
await writeSection("speed", report);
