/**
 * The arithmetic of the neural networks on the CPU, in WebAssembly (sources: assembly/). All functions work on tensors
 * in one memory, which the caller owns, and know nothing of networks: shapes, addresses and order are the caller's.
 *
 * Two layouts, described in README.md: integer rows, [row][pair of channels][pixel][2] of int16, and float rows,
 * [row][channel][pixel] of float32. In either a pixel of a plane has four bytes. A tensor is given by the address of the
 * first pixel of its first row and plane, by `rowBytes` from a row to the next, and by `planeBytes` from a pair (or a
 * channel) to the next. Around the picture lie two pixels and two rows that may be read; only the picture is written.
 */
import { CodecError } from "../errors.ts";
import { KERNELS_BASE64 } from "./kernels.generated.ts";

export interface Kernels {
	/**
	 * Dense convolution over integer rows, `size` x `size` taps (1, 3 or 5), stride 1, centred.
	 *
	 * `blocks` counts the blocks of four output channels. `weights`: words [block][pair][ky][kx][4 outputs], a word being
	 * the even channel's weight in its lower and the odd channel's in its upper 16 bits. `biases`: int32[4 * blocks].
	 * An output is its sum (with bias) shifted right by `shift`; with `leak`, a negative one by `leak` more; plus the
	 * pixel of `residual` (integer rows; 0: none); clamped to `low`..`high`, which lie within int16.
	 */
	convolve(
		input: number,
		inputRowBytes: number,
		inputPlaneBytes: number,
		pairs: number,
		output: number,
		outputRowBytes: number,
		outputPlaneBytes: number,
		blocks: number,
		width: number,
		height: number,
		size: number,
		weights: number,
		biases: number,
		shift: number,
		leak: number,
		residual: number,
		residualRowBytes: number,
		residualPlaneBytes: number,
		low: number,
		high: number,
	): void;

	/** As `convolve`, with 2 x 2 taps, stride 2 and no margin: `width` and `height` are the output's; `size` is 2. */
	convolveHalf: Kernels["convolve"];

	/**
	 * 3 x 3 taps, channel by channel, over integer rows. `weights`: words [pair][channel 0 or 1][5], word t having tap 2t
	 * in its lower and tap 2t + 1 in its upper 16 bits, taps in the order ky * 3 + kx and a tenth that is 0. `biases`:
	 * int32[2 * pairs]. The rest as in `convolve`.
	 */
	convolveDepthwise(
		input: number,
		inputRowBytes: number,
		inputPlaneBytes: number,
		pairs: number,
		output: number,
		outputRowBytes: number,
		outputPlaneBytes: number,
		width: number,
		height: number,
		weights: number,
		biases: number,
		shift: number,
		leak: number,
		low: number,
		high: number,
	): void;

	/**
	 * `convolve` in float32 over float rows. `weights`: float32 [block][channel][ky][kx][4 outputs]; `biases`: float32.
	 * A negative sum is multiplied by `slope` (1: none) before `residual` (0: none) is added.
	 */
	convolveFloat(
		input: number,
		inputRowBytes: number,
		inputPlaneBytes: number,
		channels: number,
		output: number,
		outputRowBytes: number,
		outputPlaneBytes: number,
		blocks: number,
		width: number,
		height: number,
		size: number,
		weights: number,
		biases: number,
		slope: number,
		residual: number,
		residualRowBytes: number,
		residualPlaneBytes: number,
	): void;

	/** `convolveHalf` in float32 over float rows. */
	convolveHalfFloat: Kernels["convolveFloat"];

	/** `convolveDepthwise` in float32 over float rows. `weights`: float32 [channel][9]. */
	convolveDepthwiseFloat(
		input: number,
		inputRowBytes: number,
		inputPlaneBytes: number,
		channels: number,
		output: number,
		outputRowBytes: number,
		outputPlaneBytes: number,
		width: number,
		height: number,
		weights: number,
		biases: number,
		slope: number,
	): void;

	/**
	 * ONNX DepthToSpace (mode CRD, block size 2) over integer rows: `channels` output channels, the odd half of an
	 * incomplete pair being 0; `width` and `height` are the input's.
	 */
	depthToSpace(
		input: number,
		inputRowBytes: number,
		inputPlaneBytes: number,
		output: number,
		outputRowBytes: number,
		outputPlaneBytes: number,
		channels: number,
		width: number,
		height: number,
	): void;

	/**
	 * Dense planes [channel][y][x] of float32, whole numbers within int16, to integer rows; the odd half of an incomplete
	 * pair becomes 0.
	 */
	integersFromPlanes(
		source: number,
		channels: number,
		width: number,
		height: number,
		target: number,
		targetRowBytes: number,
		targetPlaneBytes: number,
	): void;

	/** Integer rows to dense planes of float32. */
	planesFromIntegers(
		source: number,
		sourceRowBytes: number,
		sourcePlaneBytes: number,
		channels: number,
		width: number,
		height: number,
		target: number,
	): void;

	/** Dense planes of float32 to float rows. */
	floatsFromPlanes(
		source: number,
		channels: number,
		width: number,
		height: number,
		target: number,
		targetRowBytes: number,
		targetPlaneBytes: number,
	): void;

	/** Float rows to dense planes. */
	planesFromFloats(
		source: number,
		sourceRowBytes: number,
		sourcePlaneBytes: number,
		channels: number,
		width: number,
		height: number,
		target: number,
	): void;

	/** Float rows of whole numbers within int16 to integer rows; the odd half of an incomplete pair becomes 0. */
	integersFromFloats(
		source: number,
		sourceRowBytes: number,
		sourcePlaneBytes: number,
		target: number,
		targetRowBytes: number,
		targetPlaneBytes: number,
		channels: number,
		width: number,
		height: number,
	): void;

	/** Integer rows to float rows. */
	floatsFromIntegers(
		source: number,
		sourceRowBytes: number,
		sourcePlaneBytes: number,
		target: number,
		targetRowBytes: number,
		targetPlaneBytes: number,
		channels: number,
		width: number,
		height: number,
	): void;

	/** Fills the two pixels left and right and the two rows above and below of integer rows with the nearest pixel. */
	repeatEdges(
		pointer: number,
		rowBytes: number,
		planeBytes: number,
		pairs: number,
		width: number,
		height: number,
	): void;

	/**
	 * Pixel by pixel over float rows: `operation` 0 is a + b, 1 is a - b, 2 is a * b. An operand whose `planeBytes` is 0
	 * has one channel, used for all. The output may be an operand.
	 */
	combine(
		operation: number,
		a: number,
		aRowBytes: number,
		aPlaneBytes: number,
		b: number,
		bRowBytes: number,
		bPlaneBytes: number,
		output: number,
		outputRowBytes: number,
		outputPlaneBytes: number,
		channels: number,
		width: number,
		height: number,
	): void;

	/**
	 * Pixel by pixel over float rows: x * scale + offset, clamped to `low`..`high`, then rounded down where `floor` is
	 * not 0. The output may be the input.
	 */
	adjust(
		input: number,
		inputRowBytes: number,
		inputPlaneBytes: number,
		output: number,
		outputRowBytes: number,
		outputPlaneBytes: number,
		channels: number,
		width: number,
		height: number,
		scale: number,
		offset: number,
		low: number,
		high: number,
		floor: number,
	): void;
}

let compiling: Promise<WebAssembly.Module> | undefined;

/** The compiled module: once per thread, as an instance takes far less than the compilation. */
export function compileKernels(): Promise<WebAssembly.Module> {
	compiling ??= compile();
	return compiling;
}

/** The kernels over `memory`, whose contents are the caller's alone. */
export async function instantiateKernels(memory: WebAssembly.Memory): Promise<Kernels> {
	const compiled = await compileKernels();
	try {
		const { exports } = await WebAssembly.instantiate(compiled, { env: { memory } });
		return exports as unknown as Kernels;
	} catch (cause) {
		throw new CodecError("backend-unavailable", "The CPU kernels could not be started.", {
			hint: "Close other pages, or use a device with WebGPU.",
			cause,
		});
	}
}

async function compile(): Promise<WebAssembly.Module> {
	if (typeof WebAssembly === "undefined") {
		throw new CodecError("backend-unavailable", "This browser has no WebAssembly.", {
			hint: "Use a current browser, and no mode of it that switches WebAssembly off.",
		});
	}
	const bytes = bytesFromBase64(KERNELS_BASE64);
	// To validate is allowed under every policy, and tells a lack of SIMD from a refusal.
	if (!WebAssembly.validate(bytes)) {
		throw new CodecError("backend-unavailable", "This browser's WebAssembly has no SIMD.", {
			hint: "Use a current browser; all of them have had it since 2023.",
		});
	}
	try {
		return await WebAssembly.compile(bytes);
	} catch (cause) {
		throw new CodecError("backend-unavailable", "This page may not compile WebAssembly.", {
			hint: "Allow 'wasm-unsafe-eval' in script-src of the page's Content-Security-Policy.",
			cause,
		});
	}
}

function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
	if ("fromBase64" in Uint8Array && typeof Uint8Array.fromBase64 === "function") {
		return Uint8Array.fromBase64(text) as Uint8Array<ArrayBuffer>;
	}
	return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
