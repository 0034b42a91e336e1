import { x264CrfFor } from "../codec/base/base-quality.ts";
import type { FfmpegBaseConfig } from "../codec/base/ffmpeg-base.ts";
import { writeSequenceHeader } from "../codec/bitstream/sequence-header.ts";
import { type CodingUnit, codingUnits } from "../codec/enhancement/coding-units.ts";
import { EFFORTS } from "../codec/enhancement/effort.ts";
import { DEFAULT_ADAPTIVE_QUALITY, EnhancementEncoder } from "../codec/enhancement/encoder.ts";
import {
	BASE_LED_PATTERN,
	BIDIRECTIONAL_PATTERN,
	type FrameChoice,
	frameChoice,
	type FramePattern,
} from "../codec/enhancement/frame-pattern.ts";
import { lookAhead, type LookedAhead } from "../codec/enhancement/look-ahead.ts";
import { RateControl } from "../codec/enhancement/rate-control.ts";
import { createExecutor, type ExecutorChoice } from "../codec/model/create-executor.ts";
import type { Model } from "../codec/model/model-file.ts";
import { geometryOf } from "../codec/picture/geometry.ts";
import type { Picture } from "../codec/picture/picture.ts";
import { scoped } from "../codec/scope.ts";
import type { Sample } from "../codec/sample.ts";
import type { EnhancementTrack } from "../codec/track.ts";
import { CodecError } from "../codec/errors.ts";
import { openAudio } from "./audio.ts";
import { type BasePair, codeBase } from "./base-pairs.ts";
import {
	type Command,
	EXIT,
	type Flags,
	type Io,
	parseChoice,
	parseFlags,
	parseInteger,
	parseNumber,
	requireFlag,
	UsageError,
} from "./command.ts";
import { type Output, openOutput } from "./files.ts";
import { LayeredFile, round } from "./layered-file.ts";
import { loadEncoderModel } from "./models.ts";
import { NETWORK_FLAGS, networkHelp, readNetworks } from "./network-flags.ts";
import { Progress } from "./progress.ts";
import { openSource, type VideoSource } from "./source.ts";

const FLAGS = {
	output: { type: "string", short: "o" },
	q: { type: "string" },
	bitrate: { type: "string" },
	base: { type: "string" },
	"base-crf": { type: "string" },
	"base-bitrate": { type: "string" },
	"base-preset": { type: "string" },
	effort: { type: "string" },
	"adaptive-quality": { type: "string" },
	gop: { type: "string" },
	"no-scene-cuts": { type: "boolean" },
	frames: { type: "string" },
	audio: { type: "string" },
	hash: { type: "string" },
	...NETWORK_FLAGS,
	json: { type: "boolean" },
	quiet: { type: "boolean" },
} as const;

const HELP = `Usage: crescendo encode IN -o OUT.mp4 [--q N[,N...] | --bitrate N]

IN is a y4m file, "-" for y4m on standard input, or any video that ffmpeg reads.
OUT.mp4 holds all layers: base, one enhancement for each quality, sound.

  -o, --output FILE     where the result goes; "-" is standard output
  --q N[,N...]          quality of each enhancement, 0..63, more is better (default 32)
  --bitrate N           bits a second of base and one enhancement together, instead of --q
  --base avc            codec of the base (H.264, by ffmpeg)
  --base-crf N          constant quality of the base, 0..51, less is better (default: fits q)
  --base-bitrate N      bits a second of the base, instead
  --base-preset NAME    x264's preset (default slow)
  --effort NAME         realtime, live, normal or slow (default normal)
  --adaptive-quality N  how much finer flat blocks are than busy ones, 0..8; 0 is best for PSNR (default ${DEFAULT_ADAPTIVE_QUALITY})
  --gop SECONDS         from one sync sample to the next, at most (default 2)
  --no-scene-cuts       sync samples at even distances only, not where the video cuts
  --frames N            stop after so many frames
  --audio auto|none     pass sound through (AAC, Opus; others become AAC), or leave it out (default auto)
  --hash every|intra|none  frames that carry the hash of their picture (default intra)
${networkHelp("another model")}\
  --json                print what was made as JSON (not with -o -)
  --quiet               no progress
`;

/** Qualities of one file, at most. */
const MAX_ENHANCEMENTS = 8;

const PRESETS = [
	"ultrafast",
	"superfast",
	"veryfast",
	"faster",
	"fast",
	"medium",
	"slow",
	"slower",
	"veryslow",
] as const;

type Settings = ReturnType<typeof readSettings>;

/** Nominal quality of an enhancement whose frames have what the bitrate allows: for display only. */
const NOMINAL_Q = 32;
/** The base's part of a bitrate; at constant quality it is 8 to 15 percent. */
const BASE_SHARE = 0.12;

const readQualities = (flags: Flags<typeof FLAGS>): readonly number[] => {
	if (flags.bitrate !== undefined) {
		if (flags.q !== undefined) throw new UsageError("--q and --bitrate exclude each other");
		return [NOMINAL_Q];
	}
	const qualities = (flags.q ?? "32")
		.split(",")
		.map((q) => parseNumber(q, "--q", { min: 0, max: 63, integer: true }));
	if (new Set(qualities).size !== qualities.length) throw new UsageError("--q names a quality twice");
	if (qualities.length > MAX_ENHANCEMENTS) throw new UsageError(`--q takes at most ${MAX_ENHANCEMENTS} qualities`);
	return qualities;
};

/** How good the base is: as asked, or what fits the enhancements. */
const readBaseRate = (
	flags: Flags<typeof FLAGS>,
	qualities: readonly number[],
	bitrate: number | undefined,
): FfmpegBaseConfig["rate"] => {
	const crf = flags["base-crf"];
	const asked = parseInteger(flags["base-bitrate"], "--base-bitrate", { min: 1000, max: 1e9 });
	if (crf !== undefined && asked !== undefined) {
		throw new UsageError("--base-crf and --base-bitrate exclude each other");
	}
	if (asked !== undefined && bitrate !== undefined && asked >= bitrate) {
		throw new UsageError("--base-bitrate is a part of --bitrate and must be below it");
	}
	if (asked !== undefined) return { bitrate: asked };
	if (crf !== undefined) return { crf: parseNumber(crf, "--base-crf", { min: 0, max: 51 }) };
	if (bitrate !== undefined) return { bitrate: Math.round(BASE_SHARE * bitrate) };
	return { crf: x264CrfFor(Math.max(...qualities)) };
};

const readSettings = (flags: Flags<typeof FLAGS>) => {
	const qualities = readQualities(flags);
	const bitrate = parseInteger(flags.bitrate, "--bitrate", { min: 10_000, max: 1e9 });
	if (parseChoice(flags.base ?? "avc", "--base", ["avc", "neural"]) === "neural") {
		throw new UsageError("--base neural is not part of this version; use --base avc");
	}
	const output = requireFlag(flags.output, "-o");
	if (output === "-" && flags.json === true) throw new UsageError("--json and -o - both want standard output");
	return {
		output,
		qualities,
		bitrate,
		rate: readBaseRate(flags, qualities, bitrate),
		effort: parseChoice(flags.effort ?? "normal", "--effort", ["realtime", "live", "normal", "slow"]),
		adaptiveQuality: parseNumber(
			flags["adaptive-quality"] ?? String(DEFAULT_ADAPTIVE_QUALITY),
			"--adaptive-quality",
			{ min: 0, max: 8 },
		),
		preset: parseChoice(flags["base-preset"] ?? "slow", "--base-preset", PRESETS),
		gop: parseNumber(flags.gop ?? "2", "--gop", { min: 0.01, max: 60 }),
		sceneCuts: flags["no-scene-cuts"] !== true,
		frames: parseInteger(flags.frames, "--frames", { min: 1, max: 1e9 }),
		audio: parseChoice(flags.audio ?? "auto", "--audio", ["auto", "none"]),
		hash: parseChoice(flags.hash ?? "intra", "--hash", ["every", "intra", "none"]),
		...readNetworks(flags),
		json: flags.json === true,
		quiet: flags.quiet === true,
	};
};

/** `crescendo encode`. */
export const encode: Command = {
	name: "encode",
	summary: "a video to base, enhancements and sound in one mp4",
	help: HELP,
	run: async (args, io) => {
		const { flags, values } = parseFlags(args, FLAGS, ["IN"]);
		const [input = ""] = values;
		const settings = readSettings(flags);
		const output = await openOutput(settings.output, io.stdout);
		try {
			const source = await openSource(input, io.signal);
			try {
				const summary = await encodeSource(input, source, settings, output, io);
				await output.commit();
				if (settings.json) await io.stdout(`${JSON.stringify(summary, undefined, 2)}\n`);
				return EXIT.ok;
			} finally {
				await source.pictures.return();
			}
		} finally {
			await output.discard();
		}
	},
};

const encodeSource = (input: string, source: VideoSource, settings: Settings, output: Output, io: Io) =>
	scoped(async (temporary) => {
		const { format, colour } = source;
		const { baseWidth, baseHeight } = geometryOf(format.width, format.height);
		const { signal } = io;
		const model = await loadEncoderModel(settings.model);
		const { audioCodec } = source;
		const choice = await createExecutor(settings.executor);
		temporary(choice.executor);
		const enhancements: EnhancementLayer[] = [];
		for (const q of settings.qualities) {
			const layer = await createEnhancement(q, model, choice, source, settings);
			enhancements.push(layer);
			temporary(layer.encoder);
		}
		const audio =
			settings.audio === "none" || audioCodec === undefined
				? undefined
				: await openAudio(input, audioCodec, signal);
		if (audio !== undefined) temporary({ dispose: audio.close });

		const keyInterval = Math.max(Math.round((settings.gop * format.rate.numerator) / format.rate.denominator), 1);
		const config: FfmpegBaseConfig = {
			...{ width: baseWidth, height: baseHeight, frameRate: format.rate, colour, keyInterval },
			...{ rate: settings.rate, preset: settings.preset, sceneCuts: settings.sceneCuts, signal },
		};
		const file = new LayeredFile(
			output,
			enhancements.map(({ track }) => track),
			audio,
		);
		const progress = new Progress(io, { total: minimum(source.frames, settings.frames), quiet: settings.quiet });
		const { numerator, denominator } = format.rate;
		const control =
			settings.bitrate === undefined
				? undefined
				: new RateControl({
						...{ bitrate: settings.bitrate, frameRate: numerator / denominator, interval: keyInterval },
						pixels: format.width * format.height,
						bidirectional: EFFORTS[settings.effort].bidirectional,
					});
		const pictures = take(source.pictures, settings.frames);
		const coded = codeBase(pictures, config, (track) => file.begin(track));
		const { lookAhead: frames, bidirectional } = EFFORTS[settings.effort];
		const placed = inPlaces(lookAhead(coded, frames), bidirectional ? BIDIRECTIONAL_PATTERN : BASE_LED_PATTERN);
		for await (const unit of codingUnits(placed, isBidirectional)) {
			await encodeUnit(unit, enhancements, file, control, signal);
			for (let i = 0; i < unit.length; i++) progress.frame(() => `, ${file.rates()}`);
		}
		await file.end();
		if (progress.frames === 0) throw new CodecError("invalid-file", "The video has no frames.");
		progress.end(`, ${file.rates()}, on ${choice.executor.description}`);
		return {
			...{ frames: progress.frames, framesPerSecond: round(progress.framesPerSecond), width: format.width },
			...{ height: format.height, modelId: model.id, backend: choice.executor.description, keyInterval },
			...{ rate: settings.rate, bytes: file.bytes, layers: file.summary() },
		};
	});

/** One enhancement being made. */
type EnhancementLayer = { readonly track: EnhancementTrack; readonly encoder: EnhancementEncoder };

const createEnhancement = async (
	q: number,
	model: Model,
	{ executor }: ExecutorChoice,
	{ format, colour }: VideoSource,
	{ hash, effort, adaptiveQuality }: Settings,
): Promise<EnhancementLayer> => {
	const { width, height, baseWidth, baseHeight } = geometryOf(format.width, format.height);
	const description = writeSequenceHeader({ modelId: model.id, width, height, baseWidth, baseHeight, colour, q });
	return {
		track: { kind: "enhancement", codec: "sve1.01", width, height, q, modelId: model.id, description },
		encoder: await EnhancementEncoder.create({
			model,
			executor,
			width,
			height,
			pictureHash: hash,
			effort,
			adaptiveQuality,
		}),
	};
};

/** Boxes of a frame in both layers: a size each, and its part of what a fragment has. */
const CONTAINER_BITS = 8 * 12;

/** A pair, and what its frame becomes at a quality. */
type PlacedPair = LookedAhead<BasePair> & { readonly choose: (q: number) => FrameChoice };

async function* inPlaces(
	pairs: AsyncIterable<LookedAhead<BasePair>>,
	pattern: FramePattern,
): AsyncGenerator<PlacedPair> {
	let next = 0;
	for await (const pair of pairs) {
		const place = pair.sample.sync ? 0 : next;
		next = place + 1;
		yield { ...pair, choose: (q) => frameChoice(place, q, pattern, pair.followed) };
	}
}

/** At whatever quality. */
const isBidirectional = ({ choose }: PlacedPair): boolean => choose(0).type === "bidirectional";

const encodeUnit = async (
	unit: CodingUnit<PlacedPair>,
	enhancements: readonly EnhancementLayer[],
	file: LayeredFile,
	control: RateControl | undefined,
	signal: AbortSignal,
): Promise<void> => {
	const inTime = unit.toReversed();
	for (const { sample } of inTime) {
		if (sample.sync) await file.closeGroup(sample.timestamp);
		file.add(0, sample);
	}
	for (const [index, { track, encoder }] of enhancements.entries()) {
		const samples: Sample[] = [];
		for (const { source, sample, base, inheritance, choose } of unit) {
			const { type, q } = choose(track.q);
			const allowed = control?.choose(type, 8 * sample.data.length + CONTAINER_BITS);
			const choice = {
				type,
				q: allowed?.q ?? q,
				duration: sample.duration,
				limit: allowed && allowed.limit / 8,
				inheritance,
			};
			const frame = await encoder.encode(source, base, choice, signal);
			frame.reconstruction.dispose();
			control?.done(8 * frame.sample.data.length, frame.symbols.q);
			samples.push(frame.sample);
		}
		for (const sample of samples.reverse()) file.add(index + 1, sample);
	}
};

async function* take(pictures: AsyncIterable<Picture>, count = Number.POSITIVE_INFINITY) {
	let taken = 0;
	for await (const picture of pictures) {
		yield picture;
		if (++taken >= count) return;
	}
}

const minimum = (total: number | undefined, limit: number | undefined): number | undefined =>
	total === undefined ? limit : Math.min(total, limit ?? total);
