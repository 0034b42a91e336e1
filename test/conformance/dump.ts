/**
 * Writes what the parser makes of the conformance streams, for decoders that share no code with this one; the format is
 * in README.md.
 *
 *     npx node test/conformance/dump.ts --out FOLDER [--model FOLDER] [--streams FOLDER]
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { codingUnits } from "../../codec/enhancement/coding-units.ts";
import { EnhancementParser, type ParserTrace } from "../../codec/enhancement/parser.ts";
import { createExecutor } from "../../codec/model/create-executor.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import { MODEL_FOLDER, readManifest, readStream, STREAMS_FOLDER } from "./files.ts";

const { values } = parseArgs({
	options: {
		out: { type: "string" },
		model: { type: "string", default: MODEL_FOLDER },
		streams: { type: "string", default: STREAMS_FOLDER },
	},
});
if (values.out === undefined) {
	process.stderr.write("usage: npx node test/conformance/dump.ts --out FOLDER\n");
	process.exit(2);
}
const folder = values.out;
await mkdir(folder, { recursive: true });
const manifest = await readManifest(values.streams);
const model = await loadModel(modelFolder(values.model), { expectedId: manifest.modelId });
const { executor } = await createExecutor({ prefer: ["native", "wasm"] });

/** Numbers of one kind as bytes, little-endian. */
const bytesOf = (array: Uint8Array | Int16Array): Uint8Array => {
	if (array instanceof Uint8Array) return array;
	const bytes = new Uint8Array(array.length * 2);
	const view = new DataView(bytes.buffer);
	array.forEach((value, i) => view.setInt16(2 * i, value, true));
	return bytes;
};

for (const stream of manifest.streams) {
	let traced: ParserTrace | undefined;
	const { width, height } = stream;
	const parser = await EnhancementParser.create({
		model,
		executor,
		width,
		height,
		trace: (trace) => (traced = trace),
	});
	const chunks: Uint8Array[] = [];
	let offset = 0;
	const place = (array: Uint8Array | Int16Array): number => {
		const bytes = bytesOf(array);
		chunks.push(bytes);
		offset += bytes.length;
		return offset - bytes.length;
	};
	const frames = [];
	const inTime = await readStream(stream, values.streams);
	const coded = [];
	for await (const unit of codingUnits(inTime, ({ expected }) => expected.type === "bidirectional"))
		coded.push(...unit);
	for (const { sample, base, expected } of coded) {
		const symbols = await parser.parse(sample, base);
		if (traced === undefined) throw new Error("The parser did not report its trace.");
		frames.push({
			type: symbols.type,
			quality: place(symbols.quality),
			base: { y: place(base.y), u: place(base.u), v: place(base.v) },
			moved: symbols.motion === undefined ? null : place(symbols.motion.moved),
			vectors: symbols.motion === undefined ? null : place(symbols.motion.vectors),
			directions: symbols.directions === undefined ? null : place(symbols.directions.directions),
			copied: symbols.copied === undefined ? null : place(symbols.copied.flags),
			hyper: place(traced.hyper),
			latents: place(symbols.latents),
			picture: expected.picture,
		});
	}
	const { codedWidth, codedHeight, baseWidth, baseHeight } = parser.geometry;
	await parser.dispose();
	const description = { name: stream.name, width, height, codedWidth, codedHeight, baseWidth, baseHeight, frames };
	await writeFile(join(folder, `${stream.name}.raw`), Buffer.concat(chunks));
	await writeFile(join(folder, `${stream.name}.json`), `${JSON.stringify(description, undefined, "\t")}\n`);
}
await writeFile(
	join(folder, "index.json"),
	`${JSON.stringify({ modelId: manifest.modelId, streams: manifest.streams.map(({ name }) => name) })}\n`,
);
await executor.dispose();
