import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { openApiDocument } from "./openapi/document.ts";

const here = (path: string): string => join(import.meta.dirname, path);

/** Pages that stand for the built ones, and the description of the interface as the build writes it. */
const makeSite = async (): Promise<string> => {
	const folder = here("../node_modules/.cache/crescendo-video/edge-test-site");
	await cp(here("./testing/site"), folder, { recursive: true });
	await writeFile(join(folder, "openapi.json"), JSON.stringify(openApiDocument()));
	return folder;
};

/** The edge's tests run inside workerd, with R2, D1 and Durable Objects of their own for each file. */
export default defineConfig(async () => ({
	resolve: {
		// The plugin cannot resolve the node: modules that mediabunny's own entry re-exports.
		alias: { mediabunny: here("../node_modules/mediabunny/dist/bundles/mediabunny.mjs") },
	},
	plugins: [
		cloudflareTest({
			wrangler: { configPath: here("../wrangler.toml") },
			miniflare: {
				assets: { directory: await makeSite(), binding: "PAGES" },
				bindings: {
					CRESCENDO_API_KEY: "test-api-key",
					CRESCENDO_STUDIO: "1",
					CRESCENDO_LIMITS: '{"usageMilliseconds":20,"playlistSeconds":0}',
					TEST_MIGRATIONS: await readD1Migrations(here("./catalogue/migrations")),
				},
			},
		}),
	],
	test: {
		name: "edge",
		include: ["edge/**/*.test.ts"],
		root: here(".."),
		testTimeout: 120_000,
		hookTimeout: 120_000,
		// What is written after an answer, or by an alarm, comes late on a machine that is busy.
		expect: { poll: { timeout: 60_000 } },
		// One workerd for all files: each asset has an id of its own, and `migrate` empties the list of them.
		isolate: false,
	},
}));
