import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CodecError } from "../codec/errors.ts";
import { modelFolder } from "../codec/model/load-node.ts";
import { loadModel, type Model } from "../codec/model/model-file.ts";

/** The model that the tool encodes with unless told otherwise. */
const DEFAULT_MODEL = "crescendo-1";

/** The package's `models/`: beside the sources, or above the built tool. */
const modelsFolder = async (): Promise<string> => {
	for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
		const candidate = join(folder, "models");
		const found = await readdir(candidate).then(
			(names) => names.includes(DEFAULT_MODEL),
			() => false,
		);
		if (found) return candidate;
		if (folder === dirname(folder)) {
			throw new CodecError("model-invalid", "The package's folder of models is missing.", {
				hint: "Install it again.",
			});
		}
	}
};

/**
 * The model to encode with. @param folder of the model; the package's own unless given
 * @throws CodecError `model-invalid`
 */
export const loadEncoderModel = async (folder: string | undefined): Promise<Model> =>
	loadModel(modelFolder(folder ?? join(await modelsFolder(), DEFAULT_MODEL)), { encoder: true });

/**
 * The model that a stream was made with.
 * @param folder where to look; every model of the package unless given
 * @throws CodecError `model-mismatch` where it is not there, `model-invalid`
 */
export const loadDecoderModel = async (id: string, folder: string | undefined): Promise<Model> => {
	if (folder !== undefined) return loadModel(modelFolder(folder), { expectedId: id });
	const all = await modelsFolder();
	for (const entry of await readdir(all, { withFileTypes: true })) {
		if (!entry.isDirectory()) continue;
		try {
			return await loadModel(modelFolder(join(all, entry.name)), { expectedId: id });
		} catch (error) {
			if (!(error instanceof CodecError) || error.code !== "model-mismatch") throw error;
		}
	}
	throw new CodecError("model-mismatch", `The stream needs model ${id}, which this package does not have.`, {
		hint: "Give the folder of that model with --model.",
	});
};
