import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type LocalEdge, startLocalEdge } from "../../scripts/local-edge.ts";
import { type BrowserOptions, launchBrowser } from "./browser.ts";
import { ROOT } from "./commands.ts";

/** The whole product on this machine: an empty edge with the built pages, and a browser. */
export interface Stack {
	readonly edge: LocalEdge;
	readonly browser: Browser;
	/** An empty folder for the files of the test. */
	readonly folder: string;
	/** Ends everything and removes every file. */
	close(): Promise<void>;
}

/**
 * Starts it on free ports.
 * @throws Error where `dist/` has not been built; `npm test` does that first
 */
export async function startStack(options: BrowserOptions = {}): Promise<Stack> {
	await access(join(ROOT, "dist/.built")).catch(() => {
		throw new Error("the end-to-end tests run against dist/: run `npm run build` first");
	});
	const folder = await mkdtemp(join(tmpdir(), "crescendo-e2e-"));
	const edge = await startLocalEdge({ port: 0, data: join(folder, "data"), apiKey: "end-to-end" });
	try {
		const browser = await launchBrowser(options);
		return {
			edge,
			browser,
			folder,
			close: async () => {
				await browser.close();
				await edge.stop();
				await rm(folder, { recursive: true });
			},
		};
	} catch (error) {
		await edge.stop();
		throw error;
	}
}
