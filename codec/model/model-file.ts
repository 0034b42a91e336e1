/** A model as it lies in a folder: `model.json`, `tables.json` and the ONNX graphs (SPEC section 7). */
import { BITSTREAM_VERSION } from "../bitstream/version.ts";
import { CodecError } from "../errors.ts";

/** Graphs that a decoder runs, in the order in which they enter the model id. */
export const DECODING_GRAPHS = [
	"base",
	"intra",
	"keep",
	"context",
	"synthesis",
	"prior-first",
	"prior-second",
] as const;

/** One of {@link DECODING_GRAPHS}. */
export type DecodingGraphName = (typeof DECODING_GRAPHS)[number];
/** `analysis` is the encoder's. */
export type GraphName = DecodingGraphName | "analysis";

/** Quality indices: 0..63. */
export const QUALITIES = 64;
/** Planes of latents, on the 1/8 grid: 64 of luma, 16 of each chroma. */
export const LATENT_PLANES = 96;
/** Planes of hyper latents, on the 1/32 grid. */
export const HYPER_PLANES = 16;
/** What the synthesis is told of a quality index: this many integers. */
export const RATE_VALUES = 64;
/** What the prior is told of one. */
export const PRIOR_RATE_VALUES = 40;

/** The model's committed integers, one row per quality index. */
export type ModelTables = {
	/** Quantiser steps, 1..2047, `[64][96]`: in 1/2048 of the sample range per plane of latents. */
	readonly steps: readonly (readonly number[])[];
	/** `[64][64]` */
	readonly synthesisRate: readonly (readonly number[])[];
	/** `[64][40]` each */
	readonly priorRate: {
		readonly intra: readonly (readonly number[])[];
		readonly inter: readonly (readonly number[])[];
	};
	/** Scale index of each hyper plane, 1..63, `[16]`. */
	readonly hyperScale: readonly number[];
};

/** Where a model's files come from, by name: `model.json`, `base.onnx`, ... */
export interface ModelSource {
	/** @throws CodecError `model-invalid` where there is no such file, `network` where it does not arrive, `aborted` */
	read(name: string): Promise<Uint8Array>;
}

/** A model that was read and checked. */
export type Model = {
	readonly name: string;
	/** 32 lower-case hex digits; streams name the model by it. */
	readonly id: string;
	readonly tables: ModelTables;
	readonly graphs: ReadonlyMap<GraphName, Uint8Array>;
	/** Bytes of all files that were read. */
	readonly bytes: number;
};

/** Options of {@link loadModel}. */
export type LoadModelOptions = {
	/** Also read the encoder's network. Default false. */
	readonly encoder?: boolean;
	/** The id that a stream asks for. */
	readonly expectedId?: string;
};

/**
 * Reads and checks a model: the decoding files must hash to the id that `model.json` claims.
 *
 * @throws CodecError `model-invalid`; `model-mismatch` where it is not the expected model
 */
export async function loadModel(source: ModelSource, options: LoadModelOptions = {}): Promise<Model> {
	const info = parseInfo(await source.read("model.json"));
	if (options.expectedId !== undefined && options.expectedId !== info.id) {
		throw new CodecError("model-mismatch", `The stream needs model ${options.expectedId}, this is ${info.id}.`, {
			hint: "Load the model that the stream was made with.",
		});
	}
	const names: readonly GraphName[] = options.encoder ? [...DECODING_GRAPHS, "analysis"] : DECODING_GRAPHS;
	const [tablesBytes, ...files] = await Promise.all([
		source.read("tables.json"),
		...names.map((name) => source.read(`${name}.onnx`)),
	]);
	const graphs = new Map<GraphName, Uint8Array>();
	names.forEach((name, i) => {
		const file = files[i];
		if (file !== undefined) graphs.set(name, file);
	});
	const id = await modelId(graphs, tablesBytes);
	if (id !== info.id) {
		throw new CodecError("model-invalid", `The files of model ${info.id} hash to ${id}.`, {
			hint: "A file is damaged or belongs to another version of the model.",
		});
	}
	const bytes = files.reduce((sum, file) => sum + file.length, tablesBytes.length);
	return { name: info.name, id, tables: parseTables(tablesBytes), graphs, bytes };
}

/** The graph's file, which {@link loadModel} has read. @throws CodecError `invalid-option` where it has not */
export function graphOf(model: Model, name: GraphName): Uint8Array {
	const bytes = model.graphs.get(name);
	if (bytes === undefined) {
		throw new CodecError("invalid-option", `The model was loaded without its graph ${name}.`, {
			hint: "Load it with { encoder: true } to encode.",
		});
	}
	return bytes;
}

/**
 * SHA-256 over the decoding files and the tables, first 16 bytes, hex (SPEC section 7).
 *
 * @throws CodecError `backend-unavailable` where there is no Web Crypto (a page that is not secure)
 */
export async function modelId(graphs: ReadonlyMap<string, Uint8Array>, tables: Uint8Array): Promise<string> {
	const parts = DECODING_GRAPHS.map((name) => {
		const file = graphs.get(name);
		if (file === undefined) throw new CodecError("model-invalid", `The model has no graph ${name}.`);
		return file;
	});
	parts.push(tables);
	const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	if (globalThis.crypto?.subtle === undefined) {
		throw new CodecError("backend-unavailable", "This environment has no Web Crypto to check the model with.", {
			hint: "Serve the page over https or from localhost.",
		});
	}
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
	return [...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parseJson(what: string, bytes: Uint8Array): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch (cause) {
		throw new CodecError("model-invalid", `${what} of the model is not JSON.`, { cause });
	}
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseInfo(bytes: Uint8Array): { readonly name: string; readonly id: string } {
	const info = parseJson("model.json", bytes);
	if (!isRecord(info)) throw new CodecError("model-invalid", "model.json is not an object.");
	const { name, id, bitstreamVersion } = info;
	if (typeof name !== "string" || typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) {
		throw new CodecError("model-invalid", "model.json lacks a name or an id of 32 hex digits.");
	}
	if (bitstreamVersion !== BITSTREAM_VERSION) {
		throw new CodecError(
			"unsupported-version",
			`Model ${name} is for bitstream version ${String(bitstreamVersion)}; this build knows version ${BITSTREAM_VERSION}.`,
			{ hint: "Use the model that came with this build." },
		);
	}
	return { name, id };
}

function parseTables(bytes: Uint8Array): ModelTables {
	const tables = parseJson("tables.json", bytes);
	if (!isRecord(tables) || !isRecord(tables["priorRate"])) {
		throw new CodecError("model-invalid", "tables.json lacks its tables.");
	}
	const { intra, inter } = tables["priorRate"];
	return {
		steps: parseRows("steps", tables["steps"], LATENT_PLANES, 1, 2047),
		synthesisRate: parseRows("synthesisRate", tables["synthesisRate"], RATE_VALUES, -32768, 32767),
		priorRate: {
			intra: parseRows("priorRate.intra", intra, PRIOR_RATE_VALUES, -32768, 32767),
			inter: parseRows("priorRate.inter", inter, PRIOR_RATE_VALUES, -32768, 32767),
		},
		hyperScale: parseRow("hyperScale", tables["hyperScale"], HYPER_PLANES, 1, 63),
	};
}

function parseRows(name: string, value: unknown, length: number, low: number, high: number): number[][] {
	if (!Array.isArray(value) || value.length !== QUALITIES) {
		throw new CodecError("model-invalid", `Table ${name} of the model does not have ${QUALITIES} rows.`);
	}
	return value.map((row: unknown) => parseRow(name, row, length, low, high));
}

function parseRow(name: string, value: unknown, length: number, low: number, high: number): number[] {
	const fits = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= low && (n as number) <= high;
	if (!Array.isArray(value) || value.length !== length || !value.every(fits)) {
		throw new CodecError(
			"model-invalid",
			`Table ${name} of the model does not have rows of ${length} integers in ${low}..${high}.`,
		);
	}
	return value;
}

/** Row `q` of a table. */
export function rowOf(table: readonly (readonly number[])[], q: number): Float32Array {
	const row = table[q];
	if (row === undefined) throw new CodecError("invalid-option", `Quality ${q} is not one of 0..${QUALITIES - 1}.`);
	return Float32Array.from(row);
}
