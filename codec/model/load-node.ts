import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CodecError } from "../errors.ts";
import type { ModelSource } from "./model-file.ts";

/** A model in a folder of this machine (Node only). */
export function modelFolder(folder: string): ModelSource {
	return {
		async read(name) {
			try {
				return await readFile(join(folder, name));
			} catch (cause) {
				throw new CodecError("model-invalid", `The model has no readable file ${name} in ${folder}.`, {
					cause,
				});
			}
		},
	};
}
