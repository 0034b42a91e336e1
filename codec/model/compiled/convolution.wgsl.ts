/**
 * Convolutions in WGSL. Tensors are planar float32 that holds whole numbers wherever the model promises them, so sums are exact in any order
 * (SPEC section 7). An invocation makes four pixels side by side of eight output channels, and everything that follows the convolution:
 * `floor?(clip(leaky(sum) + residual))`.
 */

/** Output channels of an invocation. */
export const OUTPUTS_EACH = 8;

/** Invocations of a workgroup: groups of four pixels, and blocks of outputs, which read the same pixels. */
export const CONVOLUTION_WORKGROUP = [16, 8] as const;

/** What is decided when the shader is made. */
export type ConvolutionShader = {
	/** Side of the kernel: 1, 2, 3 or 5. */
	readonly size: number;
	/** 1, or 2 with a kernel of 2. */
	readonly stride: number;
	/** Beyond the picture lies its edge, in the place of zeros. */
	readonly edges: boolean;
	/** A kernel of 1 reads vectors: planes have a whole number of them. */
	readonly vectors: boolean;
};

/** Words of `parameters`: see `struct Parameters`. */
export const CONVOLUTION_PARAMETERS = `
struct Parameters {
	inputs: u32,
	outputs: u32,
	width: u32,
	height: u32,
	inputWidth: u32,
	inputHeight: u32,
	hasResidual: u32,
	wholeNumbers: u32,
	slope: f32,
	low: f32,
	high: f32,
}
`;

const times = (count: number, line: (i: number) => string): string =>
	Array.from({ length: count }, (_, i) => line(i)).join("\n");

const sums = times(OUTPUTS_EACH, (k) => `	var s${k} = vec4<f32>(biases[${OUTPUTS_EACH} * block + ${k}u]);`);

/** Adds the products of four pixels in `x` with the eight weights at `w`. */
const products = `
			let a = weights[w];
			let b = weights[w + 1];
			w += 2;
${times(OUTPUTS_EACH, (k) => `			s${k} += x * ${k < 4 ? "a" : "b"}.${"xyzw"[k % 4]};`)}`;

const finish = `
fn finished(sum: vec4<f32>, residual: vec4<f32>) -> vec4<f32> {
	let leaky = select(sum, sum * parameters.slope, sum < vec4<f32>());
	let bounded = clamp(leaky + residual, vec4<f32>(parameters.low), vec4<f32>(parameters.high));
	return select(bounded, floor(bounded), parameters.wholeNumbers != 0);
}
`;

const bindings = (pixels: string): string => `${CONVOLUTION_PARAMETERS}
@group(0) @binding(0) var<storage, read> source: array<${pixels}>;
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> biases: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<${pixels}>;
@group(0) @binding(4) var<storage, read> parameters: Parameters;
@group(0) @binding(5) var<storage, read_write> result: array<${pixels}>;
${finish}`;

/** A kernel of 1 over planes that are whole vectors: a plane is one long line. `width` counts vectors. */
const pointShader = `${bindings("vec4<f32>")}
@compute @workgroup_size(${CONVOLUTION_WORKGROUP.join(", ")})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let count = parameters.width * parameters.height;
	let block = id.y;
	if (id.x >= count || ${OUTPUTS_EACH} * block >= parameters.outputs) {
		return;
	}
${sums}
	var w = 2 * parameters.inputs * block;
	var at = id.x;
	for (var i = 0u; i < parameters.inputs; i++) {
		let x = source[at];
		at += count;
${products}
	}
	let channels = min(${OUTPUTS_EACH}u, parameters.outputs - ${OUTPUTS_EACH} * block);
	at = ${OUTPUTS_EACH} * block * count + id.x;
${times(
	OUTPUTS_EACH,
	(k) => `	if (${k}u < channels) {
		var added = vec4<f32>();
		if (parameters.hasResidual != 0) {
			added = residual[at + ${k} * count];
		}
		result[at + ${k} * count] = finished(s${k}, added);
	}`,
)}
}
`;

/** A kernel of any side, pixel by pixel. */
const areaShader = ({ size, stride, edges }: ConvolutionShader): string => {
	const reach = stride === 2 ? 0 : (size - 1) / 2;
	const loads = 3 * stride + size;
	const inside = "y >= 0 && y < i32(parameters.inputHeight) && x >= 0 && x < i32(parameters.inputWidth)";
	const read = edges
		? "return source[plane + u32(clamp(y, 0, i32(parameters.inputHeight) - 1)) * parameters.inputWidth + u32(clamp(x, 0, i32(parameters.inputWidth) - 1))];"
		: `if (${inside}) {
		return source[plane + u32(y) * parameters.inputWidth + u32(x)];
	}
	return 0;`;
	return `${bindings("f32")}
fn pixel(plane: u32, y: i32, x: i32) -> f32 {
	${read}
}

@compute @workgroup_size(${CONVOLUTION_WORKGROUP.join(", ")})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let vectors = (parameters.width + 3) / 4;
	let block = id.y;
	if (id.x >= vectors * parameters.height || ${OUTPUTS_EACH} * block >= parameters.outputs) {
		return;
	}
	let row = id.x / vectors;
	let column = 4 * (id.x % vectors);
	let top = i32(${stride} * row) - ${reach};
	let left = i32(${stride} * column) - ${reach};
${sums}
	var w = 2 * parameters.inputs * ${size * size} * block;
	for (var i = 0u; i < parameters.inputs; i++) {
		let plane = i * parameters.inputWidth * parameters.inputHeight;
		for (var ky = 0; ky < ${size}; ky++) {
${times(loads, (l) => `			let p${l} = pixel(plane, top + ky, left + ${l});`)}
${times(
	size,
	(kx) => `			{
				let x = vec4<f32>(${Array.from({ length: 4 }, (_, n) => `p${n * stride + kx}`).join(", ")});
${products}
			}`,
)}
		}
	}
	let channels = min(${OUTPUTS_EACH}u, parameters.outputs - ${OUTPUTS_EACH} * block);
	let pixels = min(4u, parameters.width - column);
	let count = parameters.width * parameters.height;
	let at = ${OUTPUTS_EACH} * block * count + row * parameters.width + column;
${times(OUTPUTS_EACH, (k) => `	if (${k}u < channels) { store(at + ${k} * count, pixels, s${k}); }`)}
}

fn store(at: u32, pixels: u32, sum: vec4<f32>) {
	var added = vec4<f32>();
	if (parameters.hasResidual != 0) {
		for (var n = 0u; n < pixels; n++) {
			added[n] = residual[at + n];
		}
	}
	let values = finished(sum, added);
	for (var n = 0u; n < pixels; n++) {
		result[at + n] = values[n];
	}
}
`;
};

/** The shader of a dense convolution. */
export function convolutionShader(shader: ConvolutionShader): string {
	return shader.size === 1 && shader.vectors ? pointShader : areaShader(shader);
}

/** Invocations of a workgroup of the depthwise shader: groups of four pixels of one channel. */
export const DEPTHWISE_WORKGROUP = 64;

/** 3x3, channel by channel, with zeros around the picture: an invocation makes four pixels of one channel. */
export const depthwiseShader = `${bindings("f32").replace("array<vec4<f32>>", "array<f32>")}
fn pixel(plane: u32, y: i32, x: i32) -> f32 {
	if (y >= 0 && y < i32(parameters.height) && x >= 0 && x < i32(parameters.width)) {
		return source[plane + u32(y) * parameters.width + u32(x)];
	}
	return 0;
}

@compute @workgroup_size(${DEPTHWISE_WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let vectors = (parameters.width + 3) / 4;
	if (id.x >= vectors * parameters.height) {
		return;
	}
	let row = id.x / vectors;
	let column = 4 * (id.x % vectors);
	let plane = id.y * parameters.width * parameters.height;
	var sum = vec4<f32>(biases[id.y]);
	for (var ky = 0; ky < 3; ky++) {
		let y = i32(row) + ky - 1;
		let x = i32(column) - 1;
${times(6, (l) => `		let p${l} = pixel(plane, y, x + ${l});`)}
		let w = 9 * id.y + u32(3 * ky);
		sum += vec4<f32>(p0, p1, p2, p3) * weights[w] + vec4<f32>(p1, p2, p3, p4) * weights[w + 1] + vec4<f32>(p2, p3, p4, p5) * weights[w + 2];
	}
	let at = plane + row * parameters.width + column;
	let pixels = min(4u, parameters.width - column);
	var added = vec4<f32>();
	if (parameters.hasResidual != 0) {
		for (var n = 0u; n < pixels; n++) {
			added[n] = residual[at + n];
		}
	}
	let values = finished(sum, added);
	for (var n = 0u; n < pixels; n++) {
		result[at + n] = values[n];
	}
}
`;
