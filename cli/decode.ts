import type { Picture } from "../codec/picture/picture.ts";
import { y4mFrame, type Y4mFormat, y4mHeader } from "../codec/picture/y4m.ts";
import {
	type Command,
	EXIT,
	type Flags,
	type Io,
	parseChoice,
	parseFlags,
	parseInteger,
	requireFlag,
	UsageError,
} from "./command.ts";
import { type Output, openOutput } from "./files.ts";
import { baseOf, basePictures, enhancedFrames, enhancementOf, type OpenFile, openFile, rateOf } from "./layers.ts";
import { NETWORK_FLAGS, networkHelp, readNetworks } from "./network-flags.ts";
import { Progress } from "./progress.ts";

const FLAGS = {
	output: { type: "string", short: "o" },
	layer: { type: "string" },
	track: { type: "string" },
	frames: { type: "string" },
	...NETWORK_FLAGS,
	json: { type: "boolean" },
	quiet: { type: "boolean" },
} as const;

const HELP = `Usage: crescendo decode FILE.mp4 --layer base|full -o OUT.y4m

  --layer base|full     the low-resolution video, or all of it (default full)
  -o, --output FILE     where the pictures go; "-" is standard output
  --track N             enhancement to decode, by track id as inspect shows it (default: the highest quality)
  --frames N            stop after so many frames
${networkHelp("folder of the stream's model, if it is none of the package's")}\
  --json                print what was done as JSON (not with -o -)
  --quiet               no progress
`;

const readSettings = (flags: Flags<typeof FLAGS>) => {
	const output = requireFlag(flags.output, "-o");
	const layer = parseChoice(flags.layer ?? "full", "--layer", ["base", "full"]);
	if (layer === "base" && flags.track !== undefined) throw new UsageError("--track goes with --layer full only");
	if (output === "-" && flags.json === true) throw new UsageError("--json and -o - both want standard output");
	return {
		output,
		layer,
		track: parseInteger(flags.track, "--track", { min: 1, max: 0xffff_ffff }),
		frames: parseInteger(flags.frames, "--frames", { min: 1, max: 1e9 }),
		...readNetworks(flags),
		json: flags.json === true,
		quiet: flags.quiet === true,
	};
};

type Settings = ReturnType<typeof readSettings>;

/** `crescendo decode`. */
export const decode: Command = {
	name: "decode",
	summary: "one layer of an encoded file to y4m",
	help: HELP,
	run: async (args, io) => {
		const { flags, values } = parseFlags(args, FLAGS, ["FILE"]);
		const [path = ""] = values;
		const settings = readSettings(flags);
		const file = await openFile(path);
		try {
			const output = await openOutput(settings.output, io.stdout);
			try {
				const summary = await decodeFile(file, settings, output, io);
				await output.commit();
				if (settings.json) await io.stdout(`${JSON.stringify(summary, undefined, 2)}\n`);
				return EXIT.ok;
			} finally {
				await output.discard();
			}
		} finally {
			await file.close();
		}
	},
};

const decodeFile = async (file: OpenFile, settings: Settings, output: Output, io: Io) => {
	const { reader } = file;
	const base = baseOf(reader);
	const enhancement = settings.layer === "full" ? enhancementOf(reader, settings.track) : undefined;
	const { width, height } = enhancement?.track ?? base.track;
	const { fullRange } = base.track.colour;
	const format: Y4mFormat = { width, height, rate: await rateOf(reader, base.id), chroma: "420mpeg2", fullRange };
	const progress = new Progress(io, { total: settings.frames, quiet: settings.quiet });
	const pictures =
		enhancement === undefined
			? basePictures(reader, base, io.signal)
			: fullPictures(enhancedFrames(reader, enhancement, { ...settings, signal: io.signal }));
	await output.write(y4mHeader(format));
	for await (const picture of pictures) {
		for (const bytes of y4mFrame(picture)) await output.write(bytes);
		progress.frame();
		if (progress.frames === settings.frames) break;
	}
	progress.end();
	return { layer: settings.layer, track: (enhancement ?? base).id, width, height, frames: progress.frames };
};

/** Pictures off the device, each compared with the hash in the stream where there is one. @throws what a frame carries */
async function* fullPictures(frames: ReturnType<typeof enhancedFrames>): AsyncGenerator<Picture, void, undefined> {
	for await (const frame of frames) {
		if (frame.error !== undefined) throw frame.error;
		try {
			yield await frame.picture.toPicture({ verify: true });
		} finally {
			frame.picture.dispose();
		}
	}
}
