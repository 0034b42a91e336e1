import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./commands.ts";

/** A fenced block of README.md. */
export interface Example {
	/** The heading above it. */
	readonly heading: string;
	readonly language: string;
	readonly code: string;
}

/** The fenced blocks of README.md, in order. */
export async function readmeExamples(): Promise<readonly Example[]> {
	const examples: Example[] = [];
	let heading = "";
	let open: { readonly language: string; readonly lines: string[] } | undefined;
	for (const line of (await readFile(join(ROOT, "README.md"), "utf8")).split("\n")) {
		if (open !== undefined && line === "```") {
			examples.push({ heading, language: open.language, code: open.lines.join("\n") });
			open = undefined;
		} else if (open !== undefined) open.lines.push(line);
		else if (line.startsWith("```")) open = { language: line.slice(3), lines: [] };
		else if (line.startsWith("## ")) heading = line.slice(3);
	}
	return examples;
}

/** The examples of one heading in one language. @throws Error where there is none */
export async function exampleOf(heading: string, language: string): Promise<readonly string[]> {
	const found = (await readmeExamples()).filter((e) => e.heading === heading && e.language === language);
	if (found.length === 0) throw new Error(`README.md has no ${language} under "${heading}"`);
	return found.map(({ code }) => code);
}
