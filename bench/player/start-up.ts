import { setTimeout as sleep } from "node:timers/promises";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../../player/testing/fixture-stream.ts";
import { PlayerHarness } from "../../player/testing/harness.ts";
import { table, writeSection } from "../results.ts";
import { startSlowNetwork } from "./slow-network.ts";

/**
 * `npm run bench:start-up`: milliseconds from the navigation to the first picture of its video, with plain hls.js and with
 * `<crescendo-video>`, on the same stream, network and machine, in turns, each with an empty cache.
 */
const ROUNDS = Number(process.argv[2] ?? 15);
/** For one first picture, in milliseconds. */
const LONGEST_WAIT = 60_000;
const FRAME_RATE = 25;
const NETWORKS = [
	{ name: "1.5 Mbit/s, 100 ms", bitsPerSecond: 1_500_000, roundTrip: 100 },
	{ name: "20 Mbit/s, 20 ms", bitsPerSecond: 20_000_000, roundTrip: 20 },
];

/** Where pages say by their own clock, which starts with the navigation, when they had their first picture. */
const REPORT = "/first-picture";
/** The page says it itself: whoever looks from outside puts scripts of his own into it, at the worst moment. */
const WATCH = `
	const watch = (v) => v.requestVideoFrameCallback(() => {
		void fetch("${REPORT}", { method: "POST", body: String(performance.now()) });
	});
`;
const PAGES = {
	"hls.js": `<video id="v" muted autoplay></video><script type="module">
		import Hls from "/hls/hls.min.mjs";
		${WATCH}
		const v = document.querySelector("#v");
		watch(v);
		const hls = new Hls();
		hls.attachMedia(v);
		hls.loadSource("/stream/master.m3u8");
	</script>`,
	"crescendo-video": `<crescendo-video id="v" src="/stream/master.m3u8" muted autoplay></crescendo-video><script type="module">
		import "/element.js";
		${WATCH}
		watch(document.querySelector("#v"));
	</script>`,
} as const;
type Player = keyof typeof PAGES;

const { files } = await makeFixtureStream({
	...{ pictures: testPictures(320, 192, 100), frameRate: FRAME_RATE, segmentFrames: 50, qualities: [36] },
});
const harness = await PlayerHarness.start({
	mounts: { "/stream/": files },
	folders: { "/hls/": "hls.js/dist" },
	frameRate: FRAME_RATE,
});
const median = (values: readonly number[]): number =>
	values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const rows: string[][] = [];
try {
	for (const [name, body] of Object.entries(PAGES)) {
		harness.pages.set(`${name}.html`, new TextEncoder().encode(`<!doctype html><title>${name}</title>${body}`));
	}
	for (const network of NETWORKS) {
		const seen: Record<Player, number[]> = { "hls.js": [], "crescendo-video": [] };
		for (let round = 0; round < ROUNDS; round++) {
			const order = Object.keys(PAGES) as Player[];
			for (const player of round % 2 === 0 ? order : order.toReversed()) {
				const proxy = await startSlowNetwork(harness.server.origin, network);
				// A context of its own is a cold cache.
				const context = await harness.browser.newContext();
				try {
					const page = await context.newPage();
					const { posted } = harness.server;
					posted.length = 0;
					await page.goto(`${proxy.url}/pages/${player}.html`, { waitUntil: "commit" });
					const report = () => posted.find(({ path }) => path === REPORT);
					const limit = performance.now() + LONGEST_WAIT;
					while (!report()) {
						if (performance.now() > limit) {
							throw new Error(
								`${player}, ${network.name}, round ${round}: no picture in ${LONGEST_WAIT} ms.`,
							);
						}
						await sleep(50);
					}
					seen[player].push(Number(report()?.body));
				} finally {
					await context.close();
					proxy.close();
				}
			}
		}
		const [plain, ours] = [median(seen["hls.js"]), median(seen["crescendo-video"])];
		const range = (values: readonly number[]) =>
			`${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
		const difference = (100 * (ours / plain - 1)).toFixed(1);
		const ranges = Object.values(seen).map(range);
		rows.push([network.name, plain.toFixed(0), ours.toFixed(0), difference, ...ranges]);
	}
} finally {
	await harness.close();
}
const report = [
	"## Start-up against plain hls.js",
	`\`npm run bench:start-up\`: milliseconds from navigation to the first picture (\`requestVideoFrameCallback\`), empty cache, ${ROUNDS} rounds in turns on one machine, in one run. Both pages load the same hls.js (0.17 MB compressed) and the same base; text compressed by gzip. \`<crescendo-video>\` is set to enhance.`,
	table(
		[
			"network",
			"plain hls.js, median",
			"crescendo-video, median",
			"difference, %",
			"hls.js, range",
			"crescendo-video, range",
		],
		rows,
	),
].join("\n\n");
console.log(report);
await writeSection("start-up", report);
