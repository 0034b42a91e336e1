import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const ROOMS = "codec|protocol|sdk|edge|player|cli|training|models|examples|bench|test|scripts|docs";

const exists = (path: string): Promise<boolean> =>
	access(path).then(
		() => true,
		() => false,
	);

const documents = [
	"README.md",
	"CHANGELOG.md",
	...(await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
];

describe.each(documents)("%s", (document) => {
	it("names only files that are there", async () => {
		const text = await readFile(join(root, document), "utf8");
		const named = text.matchAll(new RegExp(`\`((?:${ROOMS})/[\\w./-]*)\``, "g"));
		const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)/g)].map(([, path = ""]) =>
			join(document, "..", path),
		);
		const absent: string[] = [];
		for (const path of [...[...named].map(([, path = ""]) => path), ...links]) {
			if (!(await exists(join(root, path)))) absent.push(path);
		}
		expect(absent).toEqual([]);
	});
});

describe("docs/developing.md", () => {
	it("names only commands that package.json has", async () => {
		const text = await readFile(join(root, "docs/developing.md"), "utf8");
		const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { scripts: object };
		const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name);
		expect(named.length).toBeGreaterThan(5);
		expect(named.filter((name) => !(name in scripts))).toEqual([]);
	});
});
