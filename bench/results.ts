import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The page that every bench writes its own section of. */
export const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));

const HEAD = `# Results

Every number here is written by the command named above it; nothing is edited by hand.
`;

/** Replaces the section `name` of the results, or adds it at the end; the others stay as they are. */
export async function writeSection(name: string, markdown: string, path = RESULTS): Promise<void> {
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return HEAD;
		throw error;
	});
	await writeFile(path, replaceSection(text, name, markdown));
}

/** `text` with the section between its two marks replaced, or added. */
export function replaceSection(text: string, name: string, markdown: string): string {
	const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
	const section = `${begin}\n${markdown.trim()}\n${end}`;
	const from = text.indexOf(begin);
	const to = text.indexOf(end);
	if (from < 0 || to < from) return `${text.trimEnd()}\n\n${section}\n`;
	return text.slice(0, from) + section + text.slice(to + end.length);
}

/** A Markdown table; numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
	return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
