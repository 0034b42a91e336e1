/// <reference types="@webgpu/types" />
import { CodecError } from "../../codec/errors.ts";
import type { Speed } from "./plan.ts";

/** Planes and samples of one convolution, of the kind that the networks are made of. */
const PLANES = 32;
const SAMPLES = 16_384;
const PRODUCTS = PLANES * PLANES * SAMPLES;
const WORKGROUP = 64;

/** Milliseconds that the work must take to say something; it is doubled until it does, or until there is so much of it. */
const TELLING = 8;
const MOST_PASSES = 256;

/**
 * Multiplications that a pixel of an inter frame takes with the effort `normal`, in hundreds: each graph once, and for the choice of copied
 * blocks the synthesis and the second pass of the prior once more. `bench/macs.test.ts` counts them in the model's files.
 */
export const PRODUCTS_A_PIXEL = 24_400;

/**
 * How often a frame makes the processor and the GPU wait for each other. Eight times it reads something back: base picture, detail of
 * blocks, errors of vectors, latents, laws of the prior (three times), errors of copies; every other frame, a bidirectional one, two times more:
 * errors of either reference alone. Half as much again for preparing some four hundred dispatches, which is a guess: no GPU has been measured.
 * An estimate that is too quick chooses a picture too large, which then gets less effort, or loses its enhancement at some group, once the real
 * pace is known; one that is too slow costs size.
 */
const ROUND_TRIPS = 13;

/**
 * Of what a frame takes on the processor alone, what stays there: entropy coder, quantiser, laws of the prior, choice of blocks. 0.11 of sixty
 * inter frames of 426x238 on WASM, by V8's profiler; of other sizes and processors it is a guess.
 */
const STAYS = 0.11;

/** A convolution of one sample's reach; the sums are kept, so that nothing is left out. */
const SHADER = `
@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read> from_planes: array<f32>;
@group(0) @binding(2) var<storage, read_write> to_planes: array<f32>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) at: vec3u) {
	var sum = 0.0;
	for (var plane = 0u; plane < ${PLANES}u; plane++) {
		sum += weights[at.y * ${PLANES}u + plane] * from_planes[plane * ${SAMPLES}u + at.x];
	}
	to_planes[at.y * ${SAMPLES}u + at.x] = sum;
}`;

/** Work that can be repeated on a device. */
type Bench = { readonly run: (passes: number) => Promise<void>; readonly close: () => void };

const STORAGE = 0x80;

const benchOf = async (device: GPUDevice): Promise<Bench> => {
	const module = device.createShaderModule({ code: SHADER });
	const pipeline = await device.createComputePipelineAsync({
		layout: "auto",
		compute: { module, entryPoint: "main" },
	});
	const buffers = [PLANES * PLANES, PLANES * SAMPLES, PLANES * SAMPLES].map((values) =>
		device.createBuffer({ size: 4 * values, usage: STORAGE }),
	);
	const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
	const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
	const run = async (passes: number): Promise<void> => {
		const encoder = device.createCommandEncoder();
		for (let pass = 0; pass < passes; pass++) {
			const work = encoder.beginComputePass();
			work.setPipeline(pipeline);
			work.setBindGroup(0, group);
			work.dispatchWorkgroups(SAMPLES / WORKGROUP, PLANES);
			work.end();
		}
		device.queue.submit([encoder.finish()]);
		await device.queue.onSubmittedWorkDone();
	};
	const close = () => {
		for (const buffer of buffers) {
			buffer.destroy();
		}
	};
	return { run, close };
};

/** What a GPU needs, in seconds: for nothing at all (asking it and hearing that it is done), and for a product. */
export type GpuCosts = { readonly roundTrip: number; readonly product: number };

/** Runs ever more passes until they take long enough to be told from a round trip. */
export const timePasses = async (run: (passes: number) => Promise<void>, now: () => number): Promise<GpuCosts> => {
	const timed = async (passes: number): Promise<number> => {
		const before = now();
		await run(passes);
		return now() - before;
	};
	// The first run makes the pipeline.
	await timed(1);
	const roundTrip = Math.min(await timed(0), await timed(0));
	let passes = 1;
	let took = await timed(passes);
	while (took - roundTrip < TELLING && passes < MOST_PASSES) {
		passes *= 2;
		took = await timed(passes);
	}
	return { roundTrip: roundTrip / 1000, product: Math.max(0, took - roundTrip) / 1000 / (passes * PRODUCTS) };
};

/** @param processor what a frame takes on the processor alone. */
export const gpuSpeed = ({ roundTrip, product }: GpuCosts, processor: Speed): Speed => ({
	fixed: ROUND_TRIPS * roundTrip + STAYS * processor.fixed,
	each: PRODUCTS_A_PIXEL * product + STAYS * processor.each,
});

/**
 * How fast a GPU will encode, told from a plain convolution within a tenth of a second: before the networks are there, so that
 * the first seconds of the base need not wait for them. The real measurement follows once they are loaded; this decides the size of the
 * picture, and whether the GPU is used at all.
 * @throws CodecError `backend-unavailable` where the device refuses the work
 */
export const estimateGpuSpeed = async (
	device: GPUDevice,
	processor: Speed,
	now: () => number = () => performance.now(),
): Promise<Speed> => {
	try {
		const { run, close } = await benchOf(device);
		try {
			return gpuSpeed(await timePasses(run, now), processor);
		} finally {
			close();
		}
	} catch (cause) {
		throw new CodecError("backend-unavailable", "The WebGPU device refuses a plain computation.", { cause });
	}
};
