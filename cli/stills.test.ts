import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { decodePart } from "../protocol/part.ts";
import { makeStills } from "./stills.ts";

it("finds a poster where the pictures end long before the sound", async () => {
	const folder = await mkdtemp(join(tmpdir(), "crescendo-stills-test-"));
	try {
		const file = join(folder, "still.mp4");
		const picture = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=4:duration=1"];
		const sound = ["-f", "lavfi", "-i", "sine=duration=60"];
		execFileSync("ffmpeg", ["-v", "error", ...picture, ...sound, "-c:v", "libx264", file]);
		const { poster, storyboard } = await makeStills(file, new AbortController().signal);
		expect([...poster.slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
		expect(decodePart(storyboard)).toHaveLength(1);
	} finally {
		await rm(folder, { recursive: true });
	}
});
