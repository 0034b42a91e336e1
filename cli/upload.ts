import { CodecError } from "../codec/errors.ts";
import type { ReadTrack } from "../codec/mp4/init-reader.ts";
import type { Sample } from "../codec/sample.ts";
import type { CompleteRequest } from "../protocol/asset.ts";
import {
	encodePart,
	MAX_PART_BYTES,
	PART_HEADER_BYTES,
	PART_MEDIA_TYPE,
	PartError,
	SAMPLE_HEADER_BYTES,
} from "../protocol/part.ts";
import { trackToJson } from "../protocol/track.ts";
import { type Command, EXIT, type Io, parseFlags, parseNumber, requireFlag, UsageError } from "./command.ts";
import { type Asset, EdgeClient } from "./edge-client.ts";
import { baseOf, enhancementOf, type OpenFile, rateOf } from "./layers.ts";
import { makeStills } from "./stills.ts";
import { UploadBar } from "./upload-bar.ts";
import { openUploadSource } from "./upload-source.ts";
import { fingerprintOf, readState, removeState, writeState } from "./upload-state.ts";

/** Bytes of parts that are sent at the same time: half of what the edge reads of one asset, for it may still be at those of a lost connection. */
const MOST_UNDER_WAY = 2 * MAX_PART_BYTES;

/** Quality of the enhancement, as in the SDK. */
const DEFAULT_Q = "24";

const FLAGS = {
	endpoint: { type: "string" },
	token: { type: "string" },
	title: { type: "string" },
	q: { type: "string" },
	parallel: { type: "string" },
	fresh: { type: "boolean" },
	json: { type: "boolean" },
	quiet: { type: "boolean" },
} as const;

const HELP = `Usage: crescendo upload FILE --endpoint URL --token KEY

Uploads a file that \`crescendo encode\` made, and prints the asset's id and its addresses. Any other video that ffmpeg reads is
encoded first, into FILE.crescendo-upload.mp4, which is removed when it is uploaded; of such a video a poster and a storyboard are sent
as well. An upload that was interrupted goes on where it was: beside what is uploaded, a file whose name ends with .upload.json
remembers the asset until it is complete. Other than in a browser, all is encoded before the first part is sent, and an encoding that
was interrupted begins anew.

  --endpoint URL        the edge: https://video.example.com
  --token KEY           API key or upload token (or the environment variable CRESCENDO_TOKEN)
  --title TEXT          for people (default: the file's name)
  --q N[,N...]          quality of each enhancement of a video that is encoded first, 0..63 (default ${DEFAULT_Q})
  --parallel N          parts that are sent at the same time, 1 to 16 (default 4), of at most 4 MiB together
  --fresh               begin a new asset, whatever an earlier upload left
  --json                print { id, urls, bytes, bytesSent } as JSON
  --quiet               no progress
`;

/** `crescendo upload`. */
export const upload: Command = {
	name: "upload",
	summary: "a video, encoded or not, to an edge",
	help: HELP,
	run: async (args, io) => {
		const { flags, values } = parseFlags(args, FLAGS, ["FILE"]);
		const [path = ""] = values;
		const endpoint = parseEndpoint(requireFlag(flags.endpoint, "--endpoint"));
		const token = requireFlag(flags.token ?? process.env["CRESCENDO_TOKEN"], "--token");
		const lanes = parseNumber(flags.parallel ?? "4", "--parallel", { min: 1, max: 16, integer: true });
		const making = { q: flags.q ?? DEFAULT_Q, fresh: flags.fresh === true, quiet: flags.quiet === true };
		const source = await openUploadSource(path, making, io);
		const { file } = source;
		try {
			const stop = new AbortController();
			const client = new EdgeClient(endpoint, token, AbortSignal.any([io.signal, stop.signal]));
			const bar = new UploadBar(io, { total: file.size, quiet: flags.quiet === true });
			const title = (flags.title ?? source.name).slice(0, 200);
			const begun = await beginOrContinue(
				{ path: source.path, endpoint, fresh: making.fresh },
				file,
				title,
				client,
				io,
			);
			const parts = await sendAll(file, begun, client, { lanes, bar, stop });
			if (source.video !== undefined) await sendStills(source.video, begun.id, client, io);
			const { id, urls } = begun.state === "complete" ? begun : await client.complete(begun.id, parts);
			await removeState(source.path);
			await source.forget();
			const told = { id, urls, bytes: file.size, bytesSent: bar.sent };
			await io.stdout(
				flags.json === true
					? `${JSON.stringify(told, undefined, 2)}\n`
					: `${id}\nwatch  ${urls.watch}\nmaster ${urls.master}\n`,
			);
			return EXIT.ok;
		} finally {
			await file.close();
		}
	},
};

const parseEndpoint = (text: string): string => {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
		throw new UsageError(`--endpoint must be an address like https://video.example.com, not "${text}"`);
	}
	return url.href.replace(/\/+$/, "");
};

type Place = { readonly path: string; readonly endpoint: string; readonly fresh: boolean };

/** The asset of an earlier, interrupted upload of this file, or a new one. */
const beginOrContinue = async (
	{ path, endpoint, fresh }: Place,
	{ reader }: OpenFile,
	title: string,
	client: EdgeClient,
	io: Io,
): Promise<Asset> => {
	const { track: full } = enhancementOf(reader, undefined);
	const wanted = { endpoint, fingerprint: await fingerprintOf(path), partBytes: MAX_PART_BYTES };
	const before = fresh ? undefined : await readState(path, wanted);
	const found = before === undefined ? undefined : await client.find(before.asset);
	if (found !== undefined) return found;
	const rate = await rateOf(reader, baseOf(reader).id);
	const created = await client.create({
		...{ width: full.width, height: full.height, frameRate: rate.numerator / rate.denominator, title },
		tracks: reader.tracks.map((track) => trackToJson(nameOf(track), track.track)),
	});
	await writeState(path, { ...wanted, asset: created.id }).catch((error: unknown) => {
		const reason = error instanceof Error ? error.message : String(error);
		io.stderr(`an interrupted upload of this file will begin anew: ${reason}\n`);
	});
	return created;
};

type Sending = { readonly lanes: number; readonly bar: UploadBar; readonly stop: AbortController };

/**
 * One part a fragment (more, where a fragment is larger than a part may be), in the order of the file, several at the same time. Parts
 * that the edge has are passed over. The first failure stops the others.
 * @returns how many parts there are of each track
 */
const sendAll = async (
	{ reader }: OpenFile,
	asset: Asset,
	client: EdgeClient,
	{ lanes, bar, stop }: Sending,
): Promise<CompleteRequest> => {
	const names = new Map(reader.tracks.map((found) => [found.id, nameOf(found)]));
	const counts = new Map([...names.values()].map((name) => [name, 0]));
	const underWay = new Set<Promise<void>>();
	let bytesUnderWay = 0;
	let failure: { readonly error: unknown } | undefined;
	for await (const { trackId, samples } of reader.fragments()) {
		const name = names.get(trackId);
		const track = asset.tracks.find(({ id }) => id === name);
		if (name === undefined || track === undefined)
			throw new CodecError("invalid-file", `Track ${trackId} is none of the asset's.`);
		for (const part of intoParts(samples)) {
			const number = counts.get(name) ?? 0;
			counts.set(name, number + 1);
			if (number < track.next || track.ahead.includes(number)) {
				bar.add(part.length, false);
				continue;
			}
			while (underWay.size > 0 && bytesUnderWay + part.length > MOST_UNDER_WAY) await Promise.race(underWay);
			if (failure !== undefined) break;
			bytesUnderWay += part.length;
			const sending = client
				.putPart(track.partsUrl, number, part)
				.then(() => bar.add(part.length, true))
				.catch((error: unknown) => {
					failure ??= { error };
					stop.abort();
				})
				.finally(() => {
					underWay.delete(sending);
					bytesUnderWay -= part.length;
				});
			underWay.add(sending);
			if (underWay.size >= lanes) await Promise.race(underWay);
			if (failure !== undefined) break;
		}
		if (failure !== undefined) break;
	}
	await Promise.all(underWay);
	if (failure !== undefined) throw failure.error;
	bar.end();
	return { tracks: [...counts].map(([id, parts]) => ({ id, parts })) };
};

/** Poster and storyboard of a video. Whatever keeps them from being made or sent is told; the video is there without. */
const sendStills = async (video: string, id: string, client: EdgeClient, io: Io): Promise<void> => {
	try {
		const { poster, storyboard } = await makeStills(video, io.signal);
		await client.putExtra(id, "poster", "image/jpeg", poster);
		await client.putExtra(id, "storyboard", PART_MEDIA_TYPE, storyboard);
	} catch (error) {
		if (io.signal.aborted) throw error;
		const reason = error instanceof Error ? error.message : String(error);
		io.stderr(`the video is without poster or storyboard: ${reason}\n`);
	}
};

/** Name of a track within its asset. Two enhancements of one quality are told apart by the track id. */
const nameOf = ({ id, track }: ReadTrack): string => (track.kind === "enhancement" ? `q${track.q}-${id}` : track.kind);

/** Samples in parts of at most `MAX_PART_BYTES`. @throws CodecError `invalid-file` for samples that fit in none */
function* intoParts(samples: readonly Sample[]): Generator<Uint8Array<ArrayBuffer>> {
	let pending: Sample[] = [];
	let size = PART_HEADER_BYTES;
	for (const sample of samples) {
		const more = SAMPLE_HEADER_BYTES + sample.data.length;
		if (size + more > MAX_PART_BYTES && pending.length > 0) {
			yield toPart(pending);
			pending = [];
			size = PART_HEADER_BYTES;
		}
		pending.push(sample);
		size += more;
	}
	if (pending.length > 0) yield toPart(pending);
}

const toPart = (samples: readonly Sample[]): Uint8Array<ArrayBuffer> => {
	try {
		return encodePart(samples);
	} catch (error) {
		if (!(error instanceof PartError)) throw error;
		throw new CodecError("invalid-file", `The file has samples that cannot be uploaded: ${error.message}`, {
			cause: error,
		});
	}
};
