// What the module exports. Names, order and meaning of the parameters: kernels.ts, which is how the codec calls them.

export { convolve } from "./convolve";
export { convolveHalf } from "./convolve-half";
export { convolveDepthwise } from "./convolve-depthwise";
export { convolveFloat, convolveHalfFloat, convolveDepthwiseFloat } from "./convolve-float";
export { depthToSpace } from "./depth-to-space";
export {
	integersFromPlanes,
	planesFromIntegers,
	floatsFromPlanes,
	planesFromFloats,
	integersFromFloats,
	floatsFromIntegers,
	repeatEdges,
} from "./convert";
export { combine, adjust } from "./pointwise";
