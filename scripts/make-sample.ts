import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ENCODED_SAMPLES, SAMPLE_POSTER } from "./seed.ts";

/** `npm run sample`: encodes the sample video, and takes its poster, for the seed of an empty store. Once after a change of codec or model. */
const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const source = join(root, "examples/sample/bunny.mp4");
/** Seconds of the source: where the sample begins, how long it is, and the moment of its poster. */
const [START, LENGTH, POSTER] = ["3", "6", "7"];
const folder = await mkdtemp(join(tmpdir(), "crescendo-sample-"));
try {
	for (const { path, width, height, frameRate, q } of ENCODED_SAMPLES) {
		const scaled = join(folder, "scaled.mp4");
		const filter = `fps=${frameRate},scale=${width}:${height}:flags=lanczos,setsar=1`;
		await run("ffmpeg", [
			...["-v", "error", "-y", "-i", source, "-ss", START, "-t", LENGTH, "-vf", filter],
			...["-c:v", "libx264", "-crf", "8", "-c:a", "aac", "-ac", "2", "-b:a", "96k", scaled],
		]);
		await run(process.execPath, [
			join(root, "cli/crescendo.ts"),
			"encode",
			scaled,
			"-o",
			path,
			"--q",
			String(q),
			"--quiet",
		]);
		console.log(`wrote ${path}`);
	}
	const still = ["-ss", POSTER, "-i", source, "-frames:v", "1", "-vf", "scale=640:360:flags=lanczos", "-q:v", "4"];
	await run("ffmpeg", ["-v", "error", "-y", ...still, SAMPLE_POSTER]);
	console.log(`wrote ${SAMPLE_POSTER}`);
} finally {
	await rm(folder, { recursive: true });
}
