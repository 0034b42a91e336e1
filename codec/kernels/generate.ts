/**
 * Writes `kernels.generated.ts`: the sources in assembly/, compiled. Run: `node codec/kernels/generate.ts`
 *
 * The committed file is what counts, so that nobody needs the compiler to build the codec. A test compares it with what
 * this program makes.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const FOLDER = fileURLToPath(new URL("assembly", import.meta.url));

/** The compiled module. It has neither memory nor data of its own: whoever instantiates it hands over the memory. */
export async function compileSources(): Promise<Uint8Array> {
	let compiled: Uint8Array | undefined;
	const { error, stderr } = await main(
		[
			"index.ts",
			"--baseDir",
			FOLDER,
			"--outFile",
			"kernels.wasm",
			"-O3",
			"--enable",
			"simd",
			"--runtime",
			"stub",
			"--importMemory",
			"--noExportMemory",
			"--noAssert",
		],
		{
			writeFile: (_name, contents) => {
				if (typeof contents !== "string") compiled = contents;
			},
		},
	);
	if (error !== null || compiled === undefined) {
		throw new Error(`The kernels do not compile:\n${stderr.toString()}`, { cause: error });
	}
	return compiled;
}

/** The text of the generated module. */
export async function kernelsModule(): Promise<string> {
	const base64 = Buffer.from(await compileSources()).toString("base64");
	return [
		"// Made by generate.ts; do not edit.",
		"",
		"/** The WebAssembly module of the kernels (assembly/), in base64. */",
		"// prettier-ignore",
		`export const KERNELS_BASE64 = "${base64}";`,
		"",
	].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	writeFileSync(new URL("kernels.generated.ts", import.meta.url), await kernelsModule());
}
