/**
 * The codec's public interface, for pages, workers and Node. What needs Node (a model in a folder, ffmpeg) is not here:
 * `codec/model/load-node.ts`, `codec/base/ffmpeg-base.ts`.
 */

// Nouns
export { CodecError, type CodecErrorCode } from "./errors.ts";
export type { Picture } from "./picture/picture.ts";
export type { Sample } from "./sample.ts";
export type { AudioTrack, BaseTrack, ColourSpace, EnhancementTrack, Track } from "./track.ts";
export type { BlockMotion } from "./motion/block-motion.ts";
export type { FrameSymbols } from "./enhancement/frame-symbols.ts";

// Pictures
export { type Geometry, geometryOf } from "./picture/geometry.ts";
export { downscalePicture } from "./picture/downscale.ts";
export { cropPicture, extendPicture } from "./picture/extend.ts";
export { measurePsnr, type Psnr } from "./picture/quality.ts";
export { hashPicture } from "./hash/picture-hash.ts";

// Model and where it runs
export type { DeviceTensor, Executor, ExecutorKind, Graph, Shape } from "./model/executor.ts";
export {
	createExecutor,
	type ExecutorChoice,
	type ExecutorOptions,
	type RejectedBackend,
} from "./model/create-executor.ts";
export {
	createWebGpuExecutor,
	gpuBufferOf,
	WebGpuExecutor,
	type WebGpuExecutorOptions,
} from "./model/webgpu-executor.ts";
export { createWasmExecutor } from "./model/wasm-executor.ts";
export { createNativeExecutor, type NativeExecutorOptions } from "./model/ort-native-executor.ts";
export {
	loadModel,
	type LoadModelOptions,
	type Model,
	type ModelSource,
	type ModelTables,
} from "./model/model-file.ts";
export { type FetchModelOptions, modelUrl } from "./model/load-fetch.ts";

// Enhancement
export { EnhancementParser, type ParserOptions } from "./enhancement/parser.ts";
export { EnhancementReconstructor, type ReconstructorOptions } from "./enhancement/reconstruction.ts";
export type { DecodedPicture } from "./enhancement/decoded-picture.ts";
export { type CodingUnit, codingUnits } from "./enhancement/coding-units.ts";
export { decodeFrames, type EnhancedFrame, type LayeredFrame, type PipelineOptions } from "./enhancement/pipeline.ts";
export {
	type EncodeChoice,
	type EncodedFrame,
	EnhancementEncoder,
	type EncoderOptions,
	type EncoderStage,
} from "./enhancement/encoder.ts";
export { RateControl, type RateChoice, type RateControlOptions } from "./enhancement/rate-control.ts";
export {
	BASE_LED_PATTERN,
	BIDIRECTIONAL_PATTERN,
	DEFAULT_PATTERN,
	frameChoice,
	type FrameChoice,
	type FramePattern,
} from "./enhancement/frame-pattern.ts";

// Base
export type { BaseCodecName, BaseDecoder, BaseEncoder, BaseEncoderConfig } from "./base/base-codec.ts";
export { baseCrfFor, x264CrfFor } from "./base/base-quality.ts";
export { WebCodecsBaseDecoder, WebCodecsBaseEncoder } from "./base/webcodecs-base.ts";

// Bitstream and files
export { readSequenceHeader, type SequenceHeader, writeSequenceHeader } from "./bitstream/sequence-header.ts";
export { type FrameType, frameTypeOf } from "./bitstream/frame-header.ts";
export { readSample, type SampleParts, writeSample } from "./bitstream/sample.ts";
export { type FileTrack, writeInitSegment } from "./mp4/init-segment.ts";
export { type MediaSegment, writeMediaSegment } from "./mp4/media-segment.ts";
export { FragmentedFileWriter } from "./mp4/fragmented-file.ts";
export { blobSource, type ByteSource, bytesSource, FragmentedFileReader } from "./mp4/reader.ts";
