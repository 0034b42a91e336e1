import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const textOf = (path: string): Promise<string> => readFile(new URL(`../${path}`, import.meta.url), "utf8");

it("the server code in docs/deploy.md is a file that compiles with the edge, but for where it imports from", async () => {
	const [documentation, example] = await Promise.all([
		textOf("docs/deploy.md"),
		textOf("edge/testing/server-example.ts"),
	]);
	const blocks = [...documentation.matchAll(/^```ts\n(.+?)^```$/gms)].map(([, code = ""]) => code);
	const servers = blocks.filter((code) => code.includes("createEdgeClient"));
	expect(servers).toEqual([example.replace('"../index.ts"', '"crescendo-video/edge"')]);
});
