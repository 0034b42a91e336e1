/// <reference types="@webgpu/types" />
import { CodecError } from "../../codec/errors.ts";
import type { ColourSpace } from "../../codec/track.ts";
import { type ColourConversion, colourConversion } from "./colour.ts";

/** Pictures whose drawing may be under way on the GPU at a time: more would only queue up behind each other. */
const IN_FLIGHT = 2;

/**
 * Draws folded pictures from GPU buffers: nothing is read back. One colour conversion, one canvas; the result leaves as
 * an `ImageBitmap`, which the page puts on its canvas when the video shows the frame.
 */
export class GpuPainter {
	readonly #device: GPUDevice;
	readonly #canvas: OffscreenCanvas;
	readonly #context: GPUCanvasContext;
	readonly #pipeline: GPURenderPipeline;
	readonly #layout: GPUBindGroupLayout;
	readonly #parameters: GPUBuffer;
	#inFlight: Promise<void>[] = [];

	/**
	 * @param coded width in samples of the coded picture, a multiple of 32: the stride of the folded planes
	 * @throws CodecError `backend-unavailable` where the browser gives no WebGPU canvas
	 */
	constructor(
		device: GPUDevice,
		size: {
			readonly width: number;
			readonly height: number;
			readonly codedWidth: number;
			readonly codedHeight: number;
		},
		colour: ColourSpace,
	) {
		this.#device = device;
		this.#canvas = new OffscreenCanvas(size.width, size.height);
		const context = this.#canvas.getContext("webgpu");
		if (!context) throw new CodecError("backend-unavailable", "The browser gives no WebGPU canvas in a worker.");
		this.#context = context;
		const format = navigator.gpu.getPreferredCanvasFormat();
		context.configure({ device, format, alphaMode: "opaque", colorSpace: "srgb" });
		const module = device.createShaderModule({ code: SHADER });
		this.#layout = device.createBindGroupLayout({
			entries: [
				{ binding: 0, visibility: GPUShaderStage.FRAGMENT, buffer: { type: "read-only-storage" } },
				{ binding: 1, visibility: GPUShaderStage.FRAGMENT, buffer: { type: "uniform" } },
			],
		});
		this.#pipeline = device.createRenderPipeline({
			layout: device.createPipelineLayout({ bindGroupLayouts: [this.#layout] }),
			vertex: { module, entryPoint: "cover" },
			fragment: { module, entryPoint: "paint", targets: [{ format }] },
			primitive: { topology: "triangle-list" },
		});
		const parameters = parametersOf(colourConversion(colour), size);
		this.#parameters = device.createBuffer({
			size: parameters.byteLength,
			usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
		});
		device.queue.writeBuffer(this.#parameters, 0, parameters);
	}

	/** Draws the folded picture `[24, codedHeight/4, codedWidth/4]` (float32 samples 0..255) in `buffer`. */
	async paint(buffer: GPUBuffer): Promise<ImageBitmap> {
		if (this.#inFlight.length >= IN_FLIGHT) await this.#inFlight.shift();
		const encoder = this.#device.createCommandEncoder();
		const pass = encoder.beginRenderPass({
			colorAttachments: [
				{ view: this.#context.getCurrentTexture().createView(), loadOp: "clear", storeOp: "store" },
			],
		});
		pass.setPipeline(this.#pipeline);
		pass.setBindGroup(
			0,
			this.#device.createBindGroup({
				layout: this.#layout,
				entries: [
					{ binding: 0, resource: { buffer } },
					{ binding: 1, resource: { buffer: this.#parameters } },
				],
			}),
		);
		pass.draw(3);
		pass.end();
		this.#device.queue.submit([encoder.finish()]);
		this.#inFlight.push(this.#device.queue.onSubmittedWorkDone());
		return this.#canvas.transferToImageBitmap();
	}

	destroy(): void {
		this.#context.unconfigure();
		this.#parameters.destroy();
	}
}

/** Three rows of matrix and offset, then sizes, as the shader's `Parameters` lie in memory. */
function parametersOf(
	{ matrix, offset }: ColourConversion,
	size: {
		readonly width: number;
		readonly height: number;
		readonly codedWidth: number;
		readonly codedHeight: number;
	},
): ArrayBuffer {
	const bytes = new ArrayBuffer(64);
	const floats = new Float32Array(bytes);
	matrix.forEach((row, i) => floats.set([...row, offset[i] as number], 4 * i));
	new Uint32Array(bytes).set([size.codedWidth / 4, size.codedHeight / 4, size.width, size.height], 12);
	return bytes;
}

/**
 * Folded planes (SPEC section 1): plane `4*(y%4) + x%4` holds luma `(x, y)` at cell `(x/4, y/4)`; plane
 * `16 + 4*p + 2*(y%2) + x%2` holds chroma `(x, y)` at cell `(x/2, y/2)`. Chroma is interpolated between sample centres, as
 * browsers do for 4:2:0 without a stated position.
 */
const SHADER = /* wgsl */ `
struct Parameters {
	red: vec4f,
	green: vec4f,
	blue: vec4f,
	cells: vec2u,
	size: vec2u,
}
@group(0) @binding(0) var<storage, read> folded: array<f32>;
@group(0) @binding(1) var<uniform> p: Parameters;

@vertex
fn cover(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
	// One triangle that covers the canvas.
	return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn luma(at: vec2u) -> f32 {
	let plane = 4u * (at.y & 3u) + (at.x & 3u);
	return folded[(plane * p.cells.y + (at.y >> 2u)) * p.cells.x + (at.x >> 2u)];
}

fn chromaSample(at: vec2i, which: u32) -> f32 {
	let last = vec2i((p.size + 1u) / 2u) - 1;
	let c = vec2u(clamp(at, vec2i(0), last));
	let plane = 16u + 4u * which + 2u * (c.y & 1u) + (c.x & 1u);
	return folded[(plane * p.cells.y + (c.y >> 1u)) * p.cells.x + (c.x >> 1u)];
}

fn chroma(pixel: vec2f, which: u32) -> f32 {
	let position = pixel / 2.0 - 0.5;
	let corner = vec2i(floor(position));
	let f = position - floor(position);
	let top = mix(chromaSample(corner, which), chromaSample(corner + vec2i(1, 0), which), f.x);
	let bottom = mix(chromaSample(corner + vec2i(0, 1), which), chromaSample(corner + vec2i(1, 1), which), f.x);
	return mix(top, bottom, f.y);
}

@fragment
fn paint(@builtin(position) position: vec4f) -> @location(0) vec4f {
	let yuv = vec4f(luma(vec2u(position.xy)), chroma(position.xy, 0u), chroma(position.xy, 1u), 1.0);
	return vec4f(dot(p.red, yuv), dot(p.green, yuv), dot(p.blue, yuv), 1.0);
}
`;
