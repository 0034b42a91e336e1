/**
 * Speed and worth of the encoder's motion search in one thread. Run: `node bench/motion.ts CLIP.y4m [LAMBDA]`
 *
 * Each picture is predicted from the source picture before it. Times are CPU time of the thread, so that a busy machine
 * changes them less: of the search alone, and of writing and reading the field.
 */
import { createReadStream } from "node:fs";
import { MOTION_EFFORTS, MotionSearch } from "../codec/motion/search.ts";
import { readMotion, writeMotion } from "../codec/motion/motion-bytes.ts";
import { MotionModels } from "../codec/motion/syntax.ts";
import { warpLuma } from "../codec/motion/warp.ts";
import { extendPicture } from "../codec/picture/extend.ts";
import { geometryOf } from "../codec/picture/geometry.ts";
import { meanSquaredError, psnrOfError } from "../codec/picture/quality.ts";
import { readY4m } from "../codec/picture/y4m.ts";

const FRAMES = 49;

const [path, lambdaText = "500"] = process.argv.slice(2);
if (path === undefined) {
	console.error("usage: node bench/motion.ts CLIP.y4m [LAMBDA]");
	process.exit(2);
}
const lambda = Number(lambdaText);
const { format, pictures } = await readY4m(createReadStream(path));
const { codedWidth, codedHeight } = geometryOf(format.width, format.height);
const lumas: Uint8Array[] = [];
for await (const picture of pictures) {
	lumas.push(extendPicture(picture, codedWidth, codedHeight).y);
	if (lumas.length === FRAMES) break;
}
console.log(`${path}: ${format.width}x${format.height}, ${lumas.length} frames, lambda ${lambda}`);

/** CPU time of this thread in milliseconds. */
function cpuTime(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
}

function median(values: number[]): number {
	return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

for (const [name, effort] of Object.entries(MOTION_EFFORTS)) {
	const search = new MotionSearch(codedWidth, codedHeight, effort);
	const writer = new MotionModels();
	const reader = new MotionModels();
	const prediction = new Uint8Array(codedWidth * codedHeight);
	const times = { search: [] as number[], write: [] as number[], read: [] as number[] };
	let bytes = 0;
	let error = 0;
	for (let i = 1; i < lumas.length; i++) {
		const [reference, current] = [lumas[i - 1], lumas[i]];
		if (reference === undefined || current === undefined) break;
		const start = cpuTime();
		const field = search.search({ current, reference, models: writer, lambda });
		const searched = cpuTime();
		const written = writeMotion(field, writer);
		const ended = cpuTime();
		readMotion(written, codedWidth / 8, codedHeight / 8, reader);
		times.search.push(searched - start);
		times.write.push(ended - searched);
		times.read.push(cpuTime() - ended);
		warpLuma(reference, field.toBlockMotion(), prediction);
		bytes += written.length;
		error += meanSquaredError(current, prediction);
	}
	const frames = times.search.length;
	console.log(
		`${name.padEnd(9)} ${(1000 / median(times.search)).toFixed(1).padStart(6)} frames/s ` +
			`(median ${median(times.search).toFixed(1)} ms, longest ${Math.max(...times.search).toFixed(0)} ms), ` +
			`write ${median(times.write).toFixed(2)} ms, read ${median(times.read).toFixed(2)} ms, ` +
			`PSNR-Y ${psnrOfError(error / frames).toFixed(2)} dB at ${((8 * bytes) / (frames * codedWidth * codedHeight)).toFixed(4)} bit per sample`,
	);
}
