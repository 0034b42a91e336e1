import { decodeAll } from "../../codec/base/base-codec.ts";
import { pictureToFrame } from "../../codec/base/video-frame.ts";
import { WebCodecsBaseDecoder } from "../../codec/base/webcodecs-base.ts";
import { readSequenceHeader, type SequenceHeader } from "../../codec/bitstream/sequence-header.ts";
import type { DecodedPicture } from "../../codec/enhancement/decoded-picture.ts";
import { EnhancementParser } from "../../codec/enhancement/parser.ts";
import { EnhancementReconstructor } from "../../codec/enhancement/reconstruction.ts";
import { CodecError } from "../../codec/errors.ts";
import type { Executor } from "../../codec/model/executor.ts";
import type { Model } from "../../codec/model/model-file.ts";
import { gpuBufferOf, WebGpuExecutor } from "../../codec/model/webgpu-executor.ts";
import { bytesSource, FragmentedFileReader } from "../../codec/mp4/reader.ts";
import { cropPicture } from "../../codec/picture/extend.ts";
import type { Sample } from "../../codec/sample.ts";
import type { BaseTrack, EnhancementTrack, Track } from "../../codec/track.ts";
import { shownColour } from "./colour.ts";
import { GpuPainter } from "./gpu-painter.ts";
import type { SegmentMessage } from "./messages.ts";
import type { OpenedSegment, OpenSegment, PaintedPicture } from "./segment-decoder.ts";

/** Everything that depends on the size of the picture, made once and kept while segments have that size. */
type Stages = {
	readonly key: string;
	readonly parser: EnhancementParser;
	readonly reconstructor: EnhancementReconstructor;
	readonly painter: GpuPainter | undefined;
	/** A picture with a hash was found equal. */
	verified: boolean;
};

/** Samples of one segment at most; a segment of ten seconds at 120 frames a second has fewer. */
const MOST_SAMPLES = 4096;

/** Opens segments with the codec: demuxing, base decoder, parser, reconstruction, painting. */
export class SegmentOpener {
	readonly #model: Model;
	readonly #executor: Executor;
	readonly #keepPictures: boolean;
	readonly #onSize: (header: SequenceHeader) => void;
	#stages: Stages | undefined;

	/** @param onSize called when segments of another picture size begin */
	constructor(model: Model, executor: Executor, keepPictures: boolean, onSize: (header: SequenceHeader) => void) {
		this.#model = model;
		this.#executor = executor;
		this.#keepPictures = keepPictures;
		this.#onSize = onSize;
	}

	readonly open: OpenSegment<DecodedPicture> = async (segment, signal) => this.#open(segment, signal);

	async #open(segment: SegmentMessage, signal: AbortSignal): Promise<OpenedSegment<DecodedPicture>> {
		const base = await demux(segment.base, "base");
		const enhancement = await demux(segment.enhancement, "enhancement");
		const header = readSequenceHeader(enhancement.track.description);
		if (header.modelId !== this.#model.id) {
			throw new CodecError(
				"model-mismatch",
				`The stream needs model ${header.modelId}, this player has ${this.#model.id}.`,
				{
					hint: "Update the player, or point model-url to the model of the stream.",
				},
			);
		}
		if (base.track.width !== header.baseWidth || base.track.height !== header.baseHeight) {
			throw new CodecError(
				"base-mismatch",
				`The base is ${base.track.width}x${base.track.height}, the enhancement needs ${header.baseWidth}x${header.baseHeight}.`,
			);
		}
		const stages = await this.#stagesFor(header);
		signal.throwIfAborted();
		const decoder = new WebCodecsBaseDecoder(base.track, { signal });
		// A segment begins with an intra frame; nothing of another segment may reach into it.
		stages.parser.reset();
		return {
			samples: enhancement.samples,
			basePictures: decodeAll(decoder, base.samples),
			parse: (sample, picture) => stages.parser.parse(sample, picture, signal),
			reconstruct: (symbols, picture) => stages.reconstructor.reconstruct(symbols, picture),
			paint: (decoded) => this.#paint(decoded, stages, header),
			discard: (decoded) => decoded.dispose(),
		};
	}

	async #stagesFor(header: SequenceHeader): Promise<Stages> {
		const { width, height, colour } = header;
		const key = JSON.stringify([width, height, colour]);
		if (this.#stages?.key === key) return this.#stages;
		const before = this.#stages;
		this.#stages = undefined;
		before?.painter?.destroy();
		await before?.parser.dispose();
		await before?.reconstructor.dispose();
		const options = { model: this.#model, executor: this.#executor, width, height };
		const parser = await EnhancementParser.create(options);
		const reconstructor = await EnhancementReconstructor.create(options);
		const painter =
			this.#executor instanceof WebGpuExecutor
				? new GpuPainter(this.#executor.device, { ...reconstructor.geometry, ...coveredSize(header) }, colour)
				: undefined;
		this.#stages = { key, parser, reconstructor, painter, verified: false };
		this.#onSize(header);
		return this.#stages;
	}

	async #paint(decoded: DecodedPicture, stages: Stages, header: SequenceHeader): Promise<PaintedPicture> {
		const { width, height, colour } = header;
		const covered = coveredSize(header);
		const sizes = { width, height, coveredWidth: covered.width, coveredHeight: covered.height };
		if (!stages.painter) {
			// The samples are in memory anyway: every picture with a hash is checked.
			const picture = cropPicture(await decoded.toCodedPicture(), covered.width, covered.height);
			if (decoded.expectedHash !== undefined) decoded.verify(cropPicture(picture, width, height));
			return {
				image: pictureToFrame(picture, decoded.duration, shownColour(colour)),
				picture: undefined,
				...sizes,
			};
		}
		let picture;
		const first = !stages.verified && decoded.expectedHash !== undefined;
		if (this.#keepPictures || first) {
			// Reading back is slow: without `debug` one picture per size is checked, the self-test did the rest.
			picture = await decoded.toPicture({ verify: true });
			stages.verified ||= first;
		}
		const image = await stages.painter.paint(gpuBufferOf(decoded.tensor));
		return { image, picture: this.#keepPictures ? picture : undefined, ...sizes };
	}
}

/**
 * What is drawn of a coded picture: all that the base covers, four times its size (the visible picture rounded up to a
 * multiple of 8). So canvas and video have the same shape, and every rule of layout puts them over each other exactly.
 */
function coveredSize({ baseWidth, baseHeight }: SequenceHeader): { readonly width: number; readonly height: number } {
	return { width: 4 * baseWidth, height: 4 * baseHeight };
}

type Demuxed<T extends Track> = { readonly track: T; readonly samples: readonly Sample[] };

async function demux(bytes: SegmentMessage["base"], kind: "base"): Promise<Demuxed<BaseTrack>>;
async function demux(bytes: SegmentMessage["base"], kind: "enhancement"): Promise<Demuxed<EnhancementTrack>>;
async function demux(bytes: SegmentMessage["base"], kind: "base" | "enhancement"): Promise<Demuxed<Track>> {
	const whole = new Uint8Array(bytes.init.length + bytes.media.length);
	whole.set(bytes.init, 0);
	whole.set(bytes.media, bytes.init.length);
	const reader = await FragmentedFileReader.open(bytesSource(whole));
	const found = reader.tracks.find(({ track }) => track.kind === kind);
	if (!found) {
		throw new CodecError("unsupported-format", `A segment has no ${kind} track that this player reads.`);
	}
	const samples: Sample[] = [];
	for await (const sample of reader.samples(found.id)) {
		if (samples.length === MOST_SAMPLES)
			throw new CodecError("invalid-file", `A segment has more than ${MOST_SAMPLES} samples.`);
		samples.push(sample);
	}
	if (samples.length === 0) throw new CodecError("invalid-file", `A segment has no samples of its ${kind} track.`);
	return { track: found.track, samples };
}
