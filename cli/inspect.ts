import { readSample } from "../codec/bitstream/sample.ts";
import { CodecError } from "../codec/errors.ts";
import type { ReadTrack } from "../codec/mp4/init-reader.ts";
import type { Sample } from "../codec/sample.ts";
import { type Command, EXIT, parseFlags } from "./command.ts";
import { type OpenFile, openFile } from "./layers.ts";

const FLAGS = { json: { type: "boolean" } } as const;

const HELP = `Usage: crescendo inspect FILE.mp4 [--json]

Shows each layer: codec, size, frames, sync samples, bytes, bit rate; of enhancements also quality, model and where the bytes go.
Nothing is decoded; damaged enhancement samples are counted.
`;

/** `crescendo inspect`. */
export const inspect: Command = {
	name: "inspect",
	summary: "what is in an encoded file",
	help: HELP,
	run: async (args, io) => {
		const { flags, values } = parseFlags(args, FLAGS, ["FILE"]);
		const [path = ""] = values;
		const file = await openFile(path);
		try {
			const report = await inspectFile(file);
			await io.stdout(flags.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : toText(report));
			return EXIT.ok;
		} finally {
			await file.close();
		}
	},
};

/** What `inspect --json` prints. */
export type Report = {
	readonly bytes: number;
	/** Bytes of the file that are no sample's. */
	readonly containerBytes: number;
	readonly seconds: number;
	readonly layers: readonly Layer[];
	readonly unsupported: readonly { readonly id: number; readonly format: string }[];
};

/** One track. */
export type Layer = {
	readonly track: number;
	readonly kind: ReadTrack["track"]["kind"];
	readonly codec: string;
	readonly size: string;
	readonly samples: number;
	readonly syncSamples: number;
	readonly bytes: number;
	readonly kbps: number;
	readonly enhancement?: EnhancementReport;
};

/** What an enhancement's samples say of themselves. */
export type EnhancementReport = {
	readonly q: number;
	readonly modelId: string;
	readonly baseTrack: number | undefined;
	/** Lowest and highest quality of frames of each type; absent where there are none. */
	readonly intraQ?: readonly [number, number];
	readonly interQ?: readonly [number, number];
	readonly bidirectionalQ?: readonly [number, number];
	readonly headerBytes: number;
	/** Of motion and latents. */
	readonly payloadBytes: number;
	readonly pictureHashes: number;
	readonly damagedSamples: number;
};

const inspectFile = async ({ reader, size }: OpenFile): Promise<Report> => {
	const tallies = new Map(reader.tracks.map((found) => [found.id, new Tally(found)]));
	for await (const { trackId, samples } of reader.fragments()) {
		for (const sample of samples) tallies.get(trackId)?.add(sample);
	}
	const all = [...tallies.values()];
	const seconds = Math.max(...all.map(({ end }) => end), 0) / 1_000_000;
	return {
		bytes: size,
		containerBytes: size - all.reduce((sum, { bytes }) => sum + bytes, 0),
		seconds,
		layers: all.map((tally) => tally.report(seconds)),
		unsupported: reader.unsupported,
	};
};

/** Counts the samples of one track. */
class Tally {
	readonly #found: ReadTrack;
	readonly #qualities = { intra: [] as number[], inter: [] as number[], bidirectional: [] as number[] };
	readonly #parts = { headerBytes: 0, payloadBytes: 0, pictureHashes: 0, damagedSamples: 0 };
	#samples = 0;
	#syncSamples = 0;
	bytes = 0;
	end = 0;

	constructor(found: ReadTrack) {
		this.#found = found;
	}

	add(sample: Sample): void {
		this.#samples++;
		if (sample.sync) this.#syncSamples++;
		this.bytes += sample.data.length;
		this.end = Math.max(this.end, sample.timestamp + sample.duration);
		if (this.#found.track.kind === "enhancement") this.#addParts(sample);
	}

	report(seconds: number): Layer {
		const { id, track, references } = this.#found;
		const enhancement =
			track.kind !== "enhancement"
				? {}
				: {
						enhancement: {
							q: track.q,
							modelId: track.modelId,
							baseTrack: references.find(({ type }) => type === "sbas")?.trackIds[0],
							...range("intraQ", this.#qualities.intra),
							...range("interQ", this.#qualities.inter),
							...range("bidirectionalQ", this.#qualities.bidirectional),
							...this.#parts,
						},
					};
		return {
			track: id,
			kind: track.kind,
			codec: track.codec,
			size:
				track.kind === "audio" ? `${track.sampleRate} Hz x${track.channels}` : `${track.width}x${track.height}`,
			samples: this.#samples,
			syncSamples: this.#syncSamples,
			bytes: this.bytes,
			kbps: seconds > 0 ? Math.round((this.bytes * 80) / 1000 / seconds) / 10 : 0,
			...enhancement,
		};
	}

	#addParts(sample: Sample): void {
		try {
			const parts = readSample(sample.data);
			this.#qualities[parts.type].push(parts.q);
			this.#parts.headerBytes += sample.data.length - parts.payload.length;
			this.#parts.payloadBytes += parts.payload.length;
			if (parts.pictureHash !== undefined) this.#parts.pictureHashes++;
		} catch (error) {
			if (!(error instanceof CodecError)) throw error;
			this.#parts.damagedSamples++;
		}
	}
}

const range = <Name extends string>(name: Name, values: readonly number[]): { [Key in Name]?: [number, number] } => {
	const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
	const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
	return values.length === 0 ? {} : ({ [name]: [least, most] } as { [Key in Name]?: [number, number] });
};

const toText = (report: Report): string => {
	const rows = [
		["track", "layer", "codec", "size", "samples", "sync", "bytes", "kbit/s"],
		...report.layers.map((layer) => [
			...[
				String(layer.track),
				layer.kind,
				layer.codec,
				layer.size,
				String(layer.samples),
				String(layer.syncSamples),
			],
			...[String(layer.bytes), layer.kbps.toFixed(1)],
		]),
	];
	const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
	const table = rows.map((row) =>
		row
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join("  ")
			.trimEnd(),
	);
	const details = report.layers.flatMap(({ track, enhancement }) =>
		enhancement === undefined ? [] : [`track ${track}: ${describe(enhancement)}`],
	);
	const others = report.unsupported.map(({ id, format }) => `track ${id}: "${format}", not read here`);
	const total = `${report.bytes} bytes in ${report.seconds.toFixed(3)} s, ${report.containerBytes} of them the container's`;
	return `${[...table, ...details, ...others, total].join("\n")}\n`;
};

const describe = (report: EnhancementReport): string => {
	const q = ([least, most]: readonly [number, number]) => (least === most ? `${least}` : `${least} to ${most}`);
	const parts = [
		`q ${report.q}`,
		...(report.intraQ === undefined ? [] : [`intra frames ${q(report.intraQ)}`]),
		...(report.interQ === undefined ? [] : [`inter frames ${q(report.interQ)}`]),
		...(report.bidirectionalQ === undefined ? [] : [`bidirectional frames ${q(report.bidirectionalQ)}`]),
		`model ${report.modelId}`,
		...(report.baseTrack === undefined ? [] : [`base track ${report.baseTrack}`]),
		`bytes of headers ${report.headerBytes}, of motion and latents ${report.payloadBytes}`,
		`${report.pictureHashes} picture hashes`,
		...(report.damagedSamples === 0 ? [] : [`${report.damagedSamples} DAMAGED samples`]),
	];
	return parts.join(", ");
};
