/**
 * Bytes over the wire of what decoding needs, compressed as the build compresses them for the edge: weights, and scripts with the kernels for
 * the processor and the shaders for the GPU.
 */
export const DECODER_BYTES = 400_000;
