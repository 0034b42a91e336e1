/** `average` of `average.ts` in WGSL. One invocation makes one value; the grid is `(ceil(COUNT / ROW), 1, 1)` rows of them. */
export const AVERAGE_WORKGROUP = 64;
/** Values that the invocations of one row of workgroups make: a dispatch has at most 65,535 workgroups in each direction. */
export const AVERAGE_ROW = 1 << 16;

export const averageShader = /* wgsl */ `
override COUNT: u32;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(${AVERAGE_WORKGROUP}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let i = id.y * ${AVERAGE_ROW}u + id.x;
	if (i < COUNT) {
		result[i] = floor((a[i] + b[i] + 1.0) * 0.5);
	}
}
`;
