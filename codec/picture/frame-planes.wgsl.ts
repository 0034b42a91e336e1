import { packedPlanesProgram } from "./packed-planes.wgsl.ts";

/**
 * An imported video frame to planes of limited range, 8-bit 4:2:0. The browser hands out RGB of full range, whatever the frame
 * holds; the matrix of its colour space is undone here. `RED` and `BLUE` are the matrix's weights of luma (ITU-R BT.601, BT.709);
 * where `PIXELS`, the frame was made of 8-bit RGB and goes the way of `rgbToPlanes`, in its integers. `TURN` counts quarter turns clockwise,
 * then `FLIP` mirrors left to right: as `turnPlane`.
 * The grid is that of {@link packedPlanesProgram}.
 */
export const framePlanesShader = /* wgsl */ `
override PIXELS: bool;
override RED: f32;
override BLUE: f32;
override TURN: i32;
override FLIP: bool;

@group(0) @binding(0) var frame: texture_external;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;
${packedPlanesProgram}
/** Size of the frame, before it is turned. */
fn frame_size() -> vec2<i32> {
	let size = result_size(0);
	return select(size, size.yx, (TURN & 1) == 1);
}

fn rgb_at(x: i32, y: i32) -> vec3<f32> {
	return textureLoad(frame, clamp(vec2<i32>(x, y), vec2<i32>(0), frame_size() - 1)).rgb;
}

/** Position in a plane of the frame of a position in the turned plane, both of the size of that plane. */
fn turned(position: vec2<i32>, size: vec2<i32>) -> vec2<i32> {
	let x = select(position.x, size.x - 1 - position.x, FLIP);
	let y = position.y;
	switch TURN {
		case 1: { return vec2<i32>(y, size.x - 1 - x); }
		case 2: { return vec2<i32>(size.x - 1 - x, size.y - 1 - y); }
		case 3: { return vec2<i32>(size.y - 1 - y, x); }
		default: { return vec2<i32>(x, y); }
	}
}

fn luma_of(rgb: vec3<f32>) -> f32 {
	return dot(rgb, vec3<f32>(RED, 1.0 - RED - BLUE, BLUE));
}

/** Blue and red difference, in the units of samples. */
fn chroma_of(rgb: vec3<f32>) -> vec2<f32> {
	return 112.0 * (rgb.br - luma_of(rgb)) / (1.0 - vec2<f32>(BLUE, RED));
}

fn pixel_at(x: i32, y: i32) -> vec3<i32> {
	return vec3<i32>(round(255.0 * rgb_at(x, y)));
}

fn pixel_chroma(pixel: vec3<i32>, plane: i32) -> i32 {
	let weights = select(vec3<i32>(28784, -26145, -2639), vec3<i32>(-6596, -22189, 28785), plane == 1);
	return (8421376 + pixel.r * weights.r + pixel.g * weights.g + pixel.b * weights.b) >> 16u;
}

fn luma_sample(at: vec2<i32>) -> i32 {
	if (PIXELS) {
		let pixel = pixel_at(at.x, at.y);
		return (1081344 + 11966 * pixel.r + 40254 * pixel.g + 4064 * pixel.b) >> 16u;
	}
	return clamp(i32(round(16.0 + 219.0 * luma_of(rgb_at(at.x, at.y)))), 0, 255);
}

/** @param at position in the chroma planes */
fn chroma_sample(at: vec2<i32>, plane: i32) -> i32 {
	let x = 2 * at.x;
	let y = 2 * at.y;
	if (PIXELS) {
		var sum = 4;
		for (var row = y; row < y + 2; row++) {
			sum += pixel_chroma(pixel_at(x - 1, row), plane);
			sum += 2 * pixel_chroma(pixel_at(x, row), plane);
			sum += pixel_chroma(pixel_at(x + 1, row), plane);
		}
		return sum >> 3u;
	}
	let mean = (chroma_of(rgb_at(x, y)) + chroma_of(rgb_at(x + 1, y)) +
		chroma_of(rgb_at(x, y + 1)) + chroma_of(rgb_at(x + 1, y + 1))) / 4.0;
	return clamp(i32(round(128.0 + select(mean.y, mean.x, plane == 1))), 0, 255);
}

fn converted(plane: i32, x: i32, y: i32) -> i32 {
	let size = result_size(plane);
	let at = turned(vec2<i32>(min(x, size.x - 1), y), size);
	if (plane == 0) {
		return luma_sample(at);
	}
	return chroma_sample(at, plane);
}

fn four_samples(plane: i32, x: i32, y: i32) -> vec4<i32> {
	return vec4<i32>(
		converted(plane, x, y),
		converted(plane, x + 1, y),
		converted(plane, x + 2, y),
		converted(plane, x + 3, y),
	);
}
`;
