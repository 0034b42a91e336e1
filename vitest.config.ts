import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/**
 * Two projects: `node` runs in Node (tests that need a browser drive Chromium through playwright-core from there),
 * `edge` runs inside workerd.
 */
export default defineConfig({
	test: {
		// A browser or a neural network keeps more than one core busy: more files at once only make each other wait.
		maxWorkers: Math.max(1, Math.floor(availableParallelism() / 2)),
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
