import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesSource, FragmentedFileReader } from "../codec/mp4/reader.ts";
import type { Picture } from "../codec/picture/picture.ts";
import { writeY4m, type Y4mFormat } from "../codec/picture/y4m.ts";
import { crescendo } from "./test-io.ts";

const FRAME_RATE = 25;
const FRAMES = 260;
const BITRATE = 22_000;
/** Boxes of a frame in both tracks. */
const CONTAINER_BITS = 8 * 12;
const format: Y4mFormat = {
	...{ width: 96, height: 64, rate: { numerator: FRAME_RATE, denominator: 1 }, chroma: "420mpeg2", fullRange: false },
};

/** Four scenes, each 65 frames of another texture that moves at another speed. */
const picture = (index: number): Picture => {
	const scene = Math.floor(index / 65);
	const speed = [1.5, 0.5, 3, 1][scene] ?? 0;
	const fine = [5, 9, 7, 3.5][scene] ?? 1;
	const plane = (width: number, height: number, step: number) =>
		Uint8Array.from({ length: width * height }, (_, i) => {
			const x = (i % width) * step + speed * index;
			const y = Math.floor(i / width) * step;
			const grain = (Math.imul(Math.floor(x) + 1, 73) ^ Math.imul(y + scene, 151)) & 15;
			return 110 + 45 * Math.sin(x / fine + scene) + 35 * Math.cos((y + 0.3 * x) / (fine + 2)) + grain;
		});
	const planes = { y: plane(96, 64, 1), u: plane(48, 32, 2), v: plane(48, 32, 2) };
	return { width: 96, height: 64, ...planes, timestamp: index * 40_000 };
};

let folder = "";
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "crescendo-bitrate-"));
	const chunks: Uint8Array[] = [];
	const pictures = (async function* () {
		for (let index = 0; index < FRAMES; index++) yield picture(index);
	})();
	for await (const chunk of writeY4m(format, pictures)) chunks.push(chunk);
	await writeFile(join(folder, "in.y4m"), Buffer.concat(chunks));
});
afterAll(() => rm(folder, { recursive: true }));

describe("encode --bitrate", () => {
	it(
		"holds the target over any ten seconds and the buffer's bound, through scene cuts",
		{ timeout: 600_000 },
		async () => {
			const out = join(folder, "out.mp4");
			const args = [
				"encode",
				join(folder, "in.y4m"),
				"-o",
				out,
				"--bitrate",
				String(BITRATE),
				"--quiet",
				"--threads",
				"1",
			];
			expect(await crescendo(args)).toMatchObject({ status: 0, err: "" });
			const reader = await FragmentedFileReader.open(bytesSource(await readFile(out)));
			const bits = Array.from({ length: FRAMES }, () => CONTAINER_BITS);
			for (const { id } of reader.tracks) {
				let index = 0;
				for await (const { data } of reader.samples(id)) bits[index] = (bits[index++] ?? 0) + 8 * data.length;
				expect(index).toBe(FRAMES);
			}
			let fullness = 0;
			let fullest = 0;
			for (const [index, size] of bits.entries()) {
				fullness = Math.max(fullness + size - BITRATE / FRAME_RATE, -0.6 * BITRATE);
				fullest = Math.max(fullest, fullness);
				if (index < 10 * FRAME_RATE - 1) continue;
				const window = bits
					.slice(index + 1 - 10 * FRAME_RATE, index + 1)
					.reduce((sum, value) => sum + value, 0);
				expect(Math.abs(window / (10 * BITRATE) - 1)).toBeLessThan(0.05);
			}
			expect(fullest).toBeLessThanOrEqual(0.6 * BITRATE);
		},
	);
});
