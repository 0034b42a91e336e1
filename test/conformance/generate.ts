/**
 * Makes the conformance streams with the shipped model. Run it when the model or the bitstream changes, and only then:
 *
 *     npx node test/conformance/generate.ts
 *
 * `--model FOLDER` and `--streams FOLDER` take another model and write elsewhere.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { codingUnits } from "../../codec/enhancement/coding-units.ts";
import { EnhancementEncoder } from "../../codec/enhancement/encoder.ts";
import { hashPicture } from "../../codec/hash/picture-hash.ts";
import { createExecutor } from "../../codec/model/create-executor.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import { downscalePicture } from "../../codec/picture/downscale.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { hashLatents } from "./decode.ts";
import { MODEL_FOLDER, STREAMS_FOLDER } from "./files.ts";
import { extremes, FRAME_DURATION, moving, type Scene, still, storm } from "./scenes.ts";
import { hex, type ManifestFrame, type ManifestStream } from "./streams.ts";

/** Frames in order of time, as "I", "P" or "B" and quality: `I40 B20 P35`. */
type Plan = {
	name: string;
	about: string;
	width: number;
	height: number;
	scene: Scene;
	frames: string;
	coarseBase?: true;
};

const PLANS: readonly Plan[] = [
	{
		name: "intra-odd",
		about: "intra frames only, odd size, lowest to highest quality",
		width: 70,
		height: 50,
		scene: moving,
		frames: "I0 I21 I42 I63",
	},
	{
		name: "motion-odd",
		about: "motion by fractions and beyond the edge, odd size, a second intra frame",
		width: 71,
		height: 49,
		scene: moving,
		frames: "I40 P35 P30 P35 P35 I40 P33 P33",
	},
	{
		name: "qualities",
		about: "every frame another quality, a base with coding noise",
		width: 64,
		height: 64,
		scene: moving,
		frames: "I5 P0 P16 P31 P47 P63 P2",
		coarseBase: true,
	},
	{ name: "still", about: "nothing moves", width: 64, height: 64, scene: still, frames: "I44 P40 P40 P40" },
	{
		name: "storm",
		about: "noise at the highest quality: large symbols, escapes",
		width: 64,
		height: 64,
		scene: storm,
		frames: "I63 P63 P10",
	},
	{
		name: "extremes",
		about: "black, white and stripes: every clip",
		width: 66,
		height: 34,
		scene: extremes,
		frames: "I63 P63 P63 P20 P0 I0",
	},
	{
		name: "smallest",
		about: "16x16, the smallest size",
		width: 16,
		height: 16,
		scene: moving,
		frames: "I50 P45 P45",
	},
	{
		name: "bidirectional",
		about: "bidirectional frames beside ordinary ones, odd size, a second intra frame",
		width: 71,
		height: 49,
		scene: moving,
		frames: "I40 B20 P36 B63 P63 P30 B0 P36 I40 B24 P36",
		coarseBase: true,
	},
	{
		name: "tiny-odd",
		about: "odd size, all kinds of frame at the lowest and the highest quality, motion beyond the edge: for slow executors",
		width: 31,
		height: 27,
		scene: moving,
		frames: "I40 P35 P0 I0 P63 I63 B20 P33 B63 P0",
	},
];

const TYPES = { I: "intra", P: "inter", B: "bidirectional" } as const;

/** A base as a coarse coder might leave it: steps of 12. */
function coarse(picture: Picture): Picture {
	const plane = (samples: Uint8Array) => samples.map((s) => Math.min(12 * Math.round(s / 12), 255));
	return { ...picture, y: plane(picture.y), u: plane(picture.u), v: plane(picture.v) };
}

const { values: folders } = parseArgs({
	options: { model: { type: "string", default: MODEL_FOLDER }, streams: { type: "string", default: STREAMS_FOLDER } },
});
const { executor } = await createExecutor({ prefer: ["native", "wasm"] });
const model = await loadModel(modelFolder(folders.model), { encoder: true });
const streams: ManifestStream[] = [];
await mkdir(folders.streams, { recursive: true });
for (const name of await readdir(folders.streams)) await rm(join(folders.streams, name));

for (const { name, about, width, height, scene, frames, coarseBase } of PLANS) {
	const encoder = await EnhancementEncoder.create({ model, executor, width, height, pictureHash: "every" });
	const samples: Uint8Array[] = [];
	const bases: Picture[] = [];
	const manifestFrames: ManifestFrame[] = [];
	const words = frames.split(" ").map((word, index) => ({ word, index }));
	for await (const unit of codingUnits(words, ({ word }) => word.startsWith("B"))) {
		for (const { word, index } of unit) {
			const source = scene(width, height, index);
			const base = coarseBase ? coarse(downscalePicture(source)) : downscalePicture(source);
			const type = TYPES[word.charAt(0) as keyof typeof TYPES];
			const q = Number(word.slice(1));
			const encoded = await encoder.encode(source, base, { type, q, duration: FRAME_DURATION });
			const picture = await encoded.reconstruction.toPicture();
			encoded.reconstruction.dispose();
			samples[index] = encoded.sample.data;
			bases[index] = base;
			manifestFrames[index] = {
				type,
				q,
				bytes: encoded.sample.data.length,
				latents: hashLatents(encoded.symbols.latents),
				picture: hex(hashPicture(picture)),
			};
		}
	}
	await encoder.dispose();
	const { baseWidth, baseHeight } = encoder.geometry;
	streams.push({ name, about, width, height, baseWidth, baseHeight, frames: manifestFrames });
	await writeFile(join(folders.streams, `${name}.samples`), Buffer.concat(samples));
	await writeFile(join(folders.streams, `${name}.bases`), Buffer.concat(bases.flatMap(({ y, u, v }) => [y, u, v])));
	process.stdout.write(
		`${name}: ${manifestFrames.map(({ type, q, bytes }) => `${type} q${q} ${bytes}`).join(", ")}\n`,
	);
}
await writeFile(
	join(folders.streams, "manifest.json"),
	`${JSON.stringify({ modelId: model.id, streams }, undefined, "\t")}\n`,
);
await executor.dispose();
