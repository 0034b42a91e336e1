import { defineConfig } from "vitest/config";

/**
 * Two projects: `node` runs in Node (tests that need a browser drive Chromium through playwright-core from there),
 * `edge` runs inside workerd.
 */
export default defineConfig({
	test: {
		projects: [
			{
				test: {
					name: "node",
					environment: "node",
					include: ["{codec,protocol,sdk,player,cli,test,bench,scripts}/**/*.test.ts"],
					testTimeout: 600_000,
					hookTimeout: 600_000,
				},
			},
			"./*/vitest.config.ts",
		],
	},
});
