/**
 * Speed of the entropy coder in one thread. Run: `node bench/entropy.ts`
 *
 * Latents of a 640x360 frame (96 planes of 80x48) are drawn from the coder's own tables: first as a P frame has them
 * (most positions uncoded, most symbols 0), then with every position coded at a scale that makes it dear.
 */
import { decodeLatentPass, encodeLatentPass } from "../codec/entropy/latent-coder.ts";
import { CONTEXTS } from "../codec/entropy/latent-contexts.ts";
import { SCALES } from "../codec/entropy/tables.ts";
import { laplaceScale } from "../codec/entropy/generate-tables.ts";
import { RansDecoder, RansEncoder } from "../codec/entropy/rans.ts";

const geometry = { channels: 96, width: 80, height: 48 };
const positions = geometry.channels * geometry.width * geometry.height;
const ROUNDS = 40;
/** Scale indices as they are: which they become does not change the time. */
const CORRECTED = Uint8Array.from({ length: CONTEXTS * SCALES }, (_, i) => i % SCALES);

/** CPU time of this thread in milliseconds: a busy machine changes it less than the clock on the wall. */
function cpuTime(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
}

let seed = 1;
/** Uniform in 0..1, the same in every run. */
function random(): number {
	seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
	return (seed + 0.5) / 4294967296;
}

function laplace(scale: number): number {
	const u = random() - 0.5;
	const value = Math.round(-Math.sign(u) * scale * Math.log(1 - 2 * Math.abs(u)));
	return Math.max(-255, Math.min(255, value));
}

function measure(name: string, drawScale: () => number): void {
	const scales = Uint8Array.from({ length: positions }, drawScale);
	const symbols = Int16Array.from(scales, (i) => (i === 0 ? 0 : laplace(laplaceScale(i))));
	const coded = scales.reduce((n, s) => n + (s === 0 ? 0 : 1), 0);
	const nonzero = symbols.reduce((n, s) => n + (s === 0 ? 0 : 1), 0);
	let bytes: Uint8Array = new Uint8Array(0);
	const encode = () => {
		const encoder = new RansEncoder();
		encodeLatentPass(encoder, symbols, scales, geometry, 0, CORRECTED);
		encodeLatentPass(encoder, symbols, scales, geometry, 1, CORRECTED);
		bytes = encoder.finish();
	};
	const decoded = new Int16Array(positions);
	const decode = () => {
		const decoder = new RansDecoder(bytes);
		decodeLatentPass(decoder, scales, decoded, geometry, 0, CORRECTED);
		decodeLatentPass(decoder, scales, decoded, geometry, 1, CORRECTED);
		decoder.finish();
	};
	const seconds = (work: () => void) => {
		for (let i = 0; i < 5; i++) work();
		const start = cpuTime();
		for (let i = 0; i < ROUNDS; i++) work();
		return (cpuTime() - start) / 1000 / ROUNDS;
	};
	const encodeSeconds = seconds(encode);
	const decodeSeconds = seconds(decode);
	if (decoded.some((s, i) => s !== symbols[i])) throw new Error("The decoder disagrees with the encoder.");
	const million = (perSecond: number) => (perSecond / 1e6).toFixed(1).padStart(6);
	console.log(
		`${name.padEnd(28)} ${bytes.length} bytes, ${coded} symbols coded (${((100 * nonzero) / coded).toFixed(1)} % not 0): ` +
			`decode ${million(coded / decodeSeconds)} M symbols/s (${million(positions / decodeSeconds)} M positions/s), ` +
			`encode ${million(coded / encodeSeconds)} M symbols/s`,
	);
}

measure("P frame, a third coded", () => (random() < 0.33 ? 1 + Math.floor(random() ** 3 * 36) : 0));
measure("all coded, mostly 0", () => 1 + Math.floor(random() * 20));
measure("all coded, all scales", () => 1 + Math.floor(random() * 63));
