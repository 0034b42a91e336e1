import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gopFrames, OPPONENTS } from "./rd/opponents.ts";
import { probe } from "./rd/video.ts";

/**
 * `node bench/stills.ts CLIP [--q N] [--frames N] [--crop W:H:X:Y] [--out FOLDER]`: the last of the first N frames of a clip,
 * side by side as one PNG: source, base enlarged, ours, and x264 veryfast zerolatency at no fewer bytes than ours.
 */
const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		q: { type: "string", default: "20" },
		frames: { type: "string", default: "16" },
		crop: { type: "string" },
		out: { type: "string", default: join(root, "bench/stills") },
	},
});
const [clip] = positionals;
if (clip === undefined) throw new Error("usage: node bench/stills.ts CLIP [--q N] [--frames N] [--crop W:H:X:Y]");

const facts = await probe(clip);
const frames = Math.min(Number(values.frames), facts.frames);
const folder = await mkdtemp(join(tmpdir(), "crescendo-stills-"));
try {
	const at = (name: string) => join(folder, name);
	const crescendo = (...args: string[]) =>
		run(process.execPath, [join(root, "cli/crescendo.ts"), ...args, "--quiet"]);
	const limit = ["--frames", String(frames)];
	await crescendo("encode", clip, "-o", at("ours.mp4"), "--q", values.q, "--audio", "none", ...limit);
	await crescendo("decode", at("ours.mp4"), "--layer", "full", "-o", at("ours.y4m"));
	await crescendo("decode", at("ours.mp4"), "--layer", "base", "-o", at("base.y4m"));
	const bytes = (await stat(at("ours.mp4"))).size;
	const opponent = await encodeOpponent(clip, bytes, at("x264.mp4"));

	const name = join(values.out, `${basename(clip, ".mp4").split("_")[0]}-q${values.q}.png`);
	await mkdir(values.out, { recursive: true });
	const crop = values.crop === undefined ? "" : `,crop=${values.crop}`;
	const last = `select=eq(n\\,${frames - 1})`;
	const enlarge = `scale=iw*4:ih*4:flags=bicubic,crop=${facts.width}:${facts.height}:0:0`;
	const filter = [
		`[0:v]${last}${crop}[a]`,
		`[1:v]${last},${enlarge}${crop}[b]`,
		`[2:v]${last}${crop}[c]`,
		`[3:v]${last}${crop}[d]`,
		"[a][b][c][d]xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0",
	].join(";");
	const inputs = [clip, at("base.y4m"), at("ours.y4m"), at("x264.mp4")].flatMap((path) => ["-i", path]);
	await run("ffmpeg", ["-v", "error", "-y", ...inputs, "-filter_complex", filter, "-frames:v", "1", name]);
	console.log(
		`${name}: source, base | ours (q ${values.q}, ${bytes} bytes), x264 (crf ${opponent.crf}, ${opponent.bytes} bytes)`,
	);
} finally {
	await rm(folder, { recursive: true });
}

/** The coarsest quality of x264 that takes at least `bytes`: the comparison is not in our favour. */
async function encodeOpponent(input: string, bytes: number, path: string): Promise<{ crf: number; bytes: number }> {
	const [x264] = OPPONENTS;
	if (x264 === undefined) throw new Error("the bench has no opponents");
	const encode = async (crf: number) => {
		const settings = x264.arguments(crf, gopFrames(facts.rate));
		const source = [
			"-v",
			"error",
			"-y",
			"-i",
			input,
			"-map",
			"0:v:0",
			"-fps_mode",
			"passthrough",
			"-pix_fmt",
			"yuv420p",
		];
		await run("ffmpeg", [...source, ...settings, "-frames:v", String(frames), path]);
		return (await stat(path)).size;
	};
	let [fine, coarse] = [14, 50];
	while (coarse - fine > 1) {
		const middle = (fine + coarse) >> 1;
		if ((await encode(middle)) >= bytes) fine = middle;
		else coarse = middle;
	}
	return { crf: fine, bytes: await encode(fine) };
}
