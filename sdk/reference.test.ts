import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const read = (path: string): Promise<string> => readFile(fileURLToPath(new URL(path, import.meta.url)), "utf8");

/** Names in the first column of a table of docs/sdk.md, which follows a header. */
const rowsOf = (text: string, header: string): string[] => {
	const table = text.slice(text.indexOf(header)).split("\n\n")[0] ?? "";
	const cells = table
		.split("\n")
		.slice(2)
		.flatMap((row) => row.split("|")[1] ?? []);
	return cells.flatMap((cell) => [...cell.matchAll(/`(\w[\w-]*)`/g)].map(([, name = ""]) => name));
};

/** What stands between two marks of a source file, as far as a pattern finds it there. */
const between = (text: string, from: string, to: string, pattern: RegExp): string[] => {
	const start = text.indexOf(from);
	return [...text.slice(start, text.indexOf(to, start)).matchAll(pattern)].map(([, name = ""]) => name);
};

describe("docs/sdk.md names all that there is, and nothing else:", () => {
	it.each([
		["error codes", "./errors.ts", "UploadErrorCode =", "\n\n", /"([\w-]+)"/g, "| code | when |"],
		["warnings", "./source/source-warning.ts", "SourceWarning =", "message", /"([\w-]+)"/g, "| warning | means |"],
		["options", "./options.ts", "UploadOptions =", "\n};", /readonly (\w+)\??:/g, "| option | default |"],
		["states", "./state.ts", "UploadState =", ";", /"([\w-]+)"/g, "| state | | leaves by |"],
	])("%s", async (_, source, from, to, pattern, header) => {
		const there = between(await read(source), from, to, pattern);
		expect(there.length).toBeGreaterThan(4);
		expect(rowsOf(await read("../docs/sdk.md"), header).toSorted()).toEqual(there.toSorted());
	});
});
