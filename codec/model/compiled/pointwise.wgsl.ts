/** What is done pixel by pixel, in WGSL; planar float32. */

/** Invocations of a workgroup. */
export const POINTWISE_WORKGROUP = 64;

/**
 * `floor?(clip((a op b) * scale + offset))`. An invocation makes one value; its channel is `id.y`. `operation`: 0 add, 1 subtract,
 * 2 multiply, 3 take `a` alone. A tensor with a single channel stands for all.
 */
export const pointwiseShader = `
struct Parameters {
	count: u32,
	operation: u32,
	channelsOfA: u32,
	channelsOfB: u32,
	wholeNumbers: u32,
	scale: f32,
	offset: f32,
	low: f32,
	high: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> parameters: Parameters;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(${POINTWISE_WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	if (id.x >= parameters.count) {
		return;
	}
	var value = a[select(id.y, 0, parameters.channelsOfA == 1) * parameters.count + id.x];
	if (parameters.operation != 3) {
		let other = b[select(id.y, 0, parameters.channelsOfB == 1) * parameters.count + id.x];
		switch parameters.operation {
			case 0: { value += other; }
			case 1: { value -= other; }
			default: { value *= other; }
		}
	}
	let bounded = clamp(value * parameters.scale + parameters.offset, parameters.low, parameters.high);
	result[id.y * parameters.count + id.x] = select(bounded, floor(bounded), parameters.wholeNumbers != 0);
}
`;

/**
 * ONNX DepthToSpace by 2 in CRD order: output channel `id.y`, and every value of the input's channels `4 * id.y` and following goes to one place.
 */
export const depthToSpaceShader = `
struct Parameters {
	width: u32,
	height: u32,
}

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read> parameters: Parameters;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(${POINTWISE_WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let count = parameters.width * parameters.height;
	if (id.x >= 4 * count) {
		return;
	}
	let row = id.x / (2 * parameters.width);
	let column = id.x % (2 * parameters.width);
	let channel = 4 * id.y + 2 * (row & 1) + (column & 1);
	result[id.y * 4 * count + id.x] = source[channel * count + (row / 2) * parameters.width + column / 2];
}
`;
