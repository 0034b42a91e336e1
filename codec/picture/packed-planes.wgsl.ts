/**
 * The layout of `packed-planes.ts` in WGSL, for shaders that read a picture of `WIDTH x HEIGHT` bound as `planes`. Planes are
 * 0 (Y), 1 (U), 2 (V); positions outside repeat the edge.
 */
export const packedPlanesReader = /* wgsl */ `
override WIDTH: i32;
override HEIGHT: i32;

fn plane_width(plane: i32) -> i32 {
	return select((WIDTH + 1) >> 1u, WIDTH, plane == 0);
}

fn plane_height(plane: i32) -> i32 {
	return select((HEIGHT + 1) >> 1u, HEIGHT, plane == 0);
}

fn words_of(width: i32) -> i32 {
	return (width + 3) >> 2u;
}

fn sample_at(plane: i32, x: i32, y: i32) -> i32 {
	let width = plane_width(plane);
	let height = plane_height(plane);
	let chroma = words_of(plane_width(1)) * plane_height(1);
	let first = select(words_of(WIDTH) * HEIGHT + (plane - 1) * chroma, 0, plane == 0);
	let cx = clamp(x, 0, width - 1);
	let cy = clamp(y, 0, height - 1);
	let word = planes[first + cy * words_of(width) + (cx >> 2u)];
	return i32(extractBits(word, 8u * u32(cx & 3), 8u));
}
`;

/**
 * The same for shaders that write a picture of `TO_WIDTH x TO_HEIGHT` bound as `result`, and their entry point: one invocation makes one
 * word; the grid is `(words of a luma row, TO_HEIGHT, 3 planes)`. The shader has `fn four_samples(plane: i32, x: i32, y: i32) -> vec4<i32>`,
 * 0..255 each, of columns `x` to `x + 3`; those beyond the last column are padding.
 */
export const packedPlanesProgram = /* wgsl */ `
override TO_WIDTH: i32;
override TO_HEIGHT: i32;

/** Width and height of a plane of the result. */
fn result_size(plane: i32) -> vec2<i32> {
	let size = vec2<i32>(TO_WIDTH, TO_HEIGHT);
	return select((size + 1) >> vec2<u32>(1u), size, plane == 0);
}

fn write_word(plane: i32, column: i32, y: i32, samples: vec4<i32>) {
	let luma = result_size(0);
	let chroma = result_size(1);
	let luma_words = ((luma.x + 3) >> 2u) * luma.y;
	let chroma_words = ((chroma.x + 3) >> 2u) * chroma.y;
	let first = select(luma_words + (plane - 1) * chroma_words, 0, plane == 0);
	let words = (result_size(plane).x + 3) >> 2u;
	let bytes = vec4<u32>(samples) << vec4<u32>(0u, 8u, 16u, 24u);
	result[first + y * words + column] = bytes.x | bytes.y | bytes.z | bytes.w;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let plane = i32(id.z);
	let size = result_size(plane);
	let x = 4 * i32(id.x);
	let y = i32(id.y);
	if (x >= size.x || y >= size.y) {
		return;
	}
	write_word(plane, i32(id.x), y, four_samples(plane, x, y));
}
`;
