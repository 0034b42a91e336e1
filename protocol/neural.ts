/**
 * The models: files that players and encoders load, and that change rarely. Each folder of them has a stable address
 * (`/models/crescendo-1/`), and one that names its content (`/models/crescendo-1/<hash>/`) and never answers with other bytes.
 * `neural.json`, a static file of the build, says for which hash each stable address stands today.
 *
 * The hash is the first 128 bits, in hex, of the SHA-256 of what `sha256sum *` prints in the folder: two builds of the same files agree,
 * and anybody can check it.
 */
export type NeuralFolders = {
	/** Hash of a folder by its stable path, which begins and ends with a slash. */
	readonly folders: Readonly<Record<string, string>>;
};

/** Where the static file is, beside the pages. */
export const NEURAL_FOLDERS_PATH = "/neural.json";

/** Media types of the files, by extension; there are no others. `wasm` is what pages of version 0.7 and older load from `/runtime/<hash>/`. */
export const NEURAL_MEDIA_TYPES: Readonly<Record<string, string>> = {
	wasm: "application/wasm",
	onnx: "application/octet-stream",
	json: "application/json",
};

/** How a file is stored: as it is, and compressed by brotli. */
export type NeuralEncoding = "identity" | "br";

/** Name in the store of the file at `path`, its address without the origin. */
export const neuralKey = (path: string, encoding: NeuralEncoding): string =>
	`neural${path}${encoding === "br" ? ".br" : ""}`;
