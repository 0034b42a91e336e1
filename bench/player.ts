import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { seedSamples } from "../scripts/seed.ts";
import { startStack } from "../test/e2e/stack.ts";
import { Viewer } from "../test/e2e/viewer.ts";
import { startSlowNetwork } from "./player/slow-network.ts";
import { table, writeSection } from "./results.ts";

/**
 * `npm run bench:player`: seconds from opening the watch page to the first picture and to the first enhanced picture, on a
 * slow network with a cold cache: a fresh browser profile each time. Without a GPU the enhancement runs on WASM, so the
 * small sample is played.
 */
const NETWORK = { bitsPerSecond: 1_500_000, roundTrip: 100 };
const ROUNDS = 3;
/** Longest wait for the enhanced picture. */
const LIMIT_SECONDS = 300;
const root = fileURLToPath(new URL("..", import.meta.url));

process.chdir(join(root));
const stack = await startStack();
const rows: string[][] = [];
try {
	await seedSamples(stack.edge);
	const list = await fetch(`${stack.edge.url}/v1/assets`, {
		headers: { Authorization: `Bearer ${stack.edge.apiKey}` },
	});
	const { assets }: { assets: { id: string; title?: string; width: number }[] } = await list.json();
	const small = assets.toSorted((a, b) => a.width - b.width)[0];
	if (small === undefined) throw new Error("the store is empty");
	for (let round = 1; round <= ROUNDS; round++) {
		const network = await startSlowNetwork(stack.edge.url, NETWORK);
		const context = await stack.browser.newContext();
		try {
			const viewer = new Viewer(await context.newPage());
			const start = performance.now();
			await viewer.open(`${network.url}/watch/${small.id}`);
			const scripts = performance.now() - start;
			await viewer.set("enhancement", "force");
			await viewer.loop();
			await viewer.play();
			const seen = await viewer.until(({ state }) => state === "active", LIMIT_SECONDS);
			const { firstPicture = Number.NaN, firstEnhanced = Number.NaN } = seen.at(-1) ?? {};
			// The player counts from its source; the page and the scripts came before.
			const seconds = (milliseconds: number): string => ((scripts + milliseconds) / 1000).toFixed(1);
			rows.push([String(round), (scripts / 1000).toFixed(1), seconds(firstPicture), seconds(firstEnhanced)]);
		} finally {
			await context.close();
			network.close();
		}
	}
} finally {
	await stack.close();
}
const report = [
	"## Player on a slow network",
	`\`npm run bench:player\`: watch page through ${NETWORK.bitsPerSecond / 1e6} Mbit/s and ${NETWORK.roundTrip} ms, cold cache, text and WASM compressed by gzip as the edge's network does. Chromium without a GPU: enhancement on WASM, 192x108.`,
	table(["round", "player there, s", "first picture, s", "first enhanced picture, s"], rows),
].join("\n\n");
console.log(report);
await writeSection("player", report);
