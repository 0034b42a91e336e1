/** Runs in Chromium: decodes conformance streams with a backend and hands the hashes to the test. */
import { createExecutor } from "../../codec/model/create-executor.ts";
import { modelUrl } from "../../codec/model/load-fetch.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import type { BlockMotion } from "../../codec/motion/block-motion.ts";
import { decodeStream, type FrameHashes } from "./decode.ts";
import { FRAME_DURATION } from "./scenes.ts";
import { framesOf, type Manifest } from "./streams.ts";

export type PageRequest = {
	readonly kind: "wasm" | "webgpu";
	/** Streams to decode, whole. */
	readonly streams: readonly string[];
};

export type PageResult = {
	readonly description: string;
	readonly hashes: Readonly<Record<string, readonly FrameHashes[]>>;
};

async function fetchBytes(path: string): Promise<Uint8Array> {
	const response = await fetch(path);
	if (!response.ok) throw new Error(`${path} answers ${response.status}`);
	return new Uint8Array(await response.arrayBuffer());
}

async function decode(request: PageRequest): Promise<PageResult> {
	const { executor } = await createExecutor({ prefer: [request.kind] });
	const model = await loadModel(modelUrl("/model/", { priority: "low" }));
	const manifest: Manifest = await (await fetch("/streams/manifest.json")).json();
	const hashes: Record<string, readonly FrameHashes[]> = {};
	for (const name of request.streams) {
		const stream = manifest.streams.find((candidate) => candidate.name === name);
		if (stream === undefined) throw new Error(`There is no stream ${name}.`);
		const samples = await fetchBytes(`/streams/${name}.samples`);
		const bases = await fetchBytes(`/streams/${name}.bases`);
		const frames = framesOf(stream, samples, bases, FRAME_DURATION);
		hashes[name] = await decodeStream(stream, frames, model, { parser: executor, reconstructor: executor });
	}
	const { description } = executor;
	await executor.dispose();
	return { description, hashes };
}

export type WarpRequest = {
	readonly motion: { readonly columns: number; readonly rows: number; readonly vectors: readonly number[] };
	readonly picture: readonly number[];
	readonly features: readonly number[];
	readonly channels: number;
};

/** The warps of the WebGPU executor: picture, features. */
async function warp(request: WarpRequest): Promise<number[][]> {
	const { executor } = await createExecutor({ prefer: ["webgpu"] });
	const { columns, rows } = request.motion;
	const vectors = Int16Array.from(request.motion.vectors);
	const motion: BlockMotion = { columns, rows, vectors, moved: new Uint8Array(columns * rows).fill(1) };
	const [w, h] = [2 * columns, 2 * rows];
	const picture = executor.upload(Float32Array.from(request.picture), [1, 24, h, w]);
	const features = executor.upload(Float32Array.from(request.features), [1, request.channels, h, w]);
	const results = [executor.warpPicture(picture, motion), executor.warpFeatures(features, motion)];
	const numbers: number[][] = [];
	for (const result of results) numbers.push([...(await executor.download(result))]);
	await executor.dispose();
	return numbers;
}

declare global {
	var decodeInPage: (request: PageRequest) => Promise<PageResult>;
	var warpInPage: (request: WarpRequest) => Promise<number[][]>;
}
globalThis.decodeInPage = decode;
globalThis.warpInPage = warp;
