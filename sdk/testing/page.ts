import { decodeAll, encodeAll } from "../../codec/base/base-codec.ts";
import type { BaseEncoderConfig } from "../../codec/base/base-codec.ts";
import { WebCodecsBaseDecoder, WebCodecsBaseEncoder } from "../../codec/base/webcodecs-base.ts";
import { measurePsnr } from "../../codec/picture/quality.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import type { Sample } from "../../codec/sample.ts";
import type { ColourSpace } from "../../codec/track.ts";
import { UploadError } from "../errors.ts";
import { createUpload, CrescendoUploaderElement, defineUploader } from "../index.ts";
import type { TokenProvider, Upload, UploadOptions, UploadProgress, UploadResult, UploadSource } from "../index.ts";
import { FileSource } from "../source/file-source.ts";

/** For tests only: what runs inside the page, called from Node through `page.evaluate`. */

/** What a source gave, read to its end. */
export type SourceAccount = {
	readonly width: number;
	readonly height: number;
	readonly duration: number | undefined;
	readonly frameRate: number | undefined;
	readonly rotation: number;
	readonly colour: ColourSpace;
	readonly sizes: readonly string[];
	readonly timestamps: readonly number[];
	readonly durations: readonly number[];
	/** First sample of each plane of the first picture. */
	readonly corner: readonly number[];
	/** Mean luma of the four quarters of the first picture, row by row. */
	readonly quarters: readonly number[];
	readonly audio:
		| {
				readonly made: string;
				readonly codec: string;
				readonly channels: number;
				readonly sampleRate: number;
				readonly description: number;
		  }
		| undefined;
	readonly sound: { readonly count: number; readonly first: number; readonly end: number };
	readonly warnings: readonly string[];
};

export type SourceRefusal = { readonly refused: string; readonly hint: boolean };

const quarterMeans = (luma: Uint8Array, width: number, height: number): number[] =>
	[0, 1, 2, 3].map((quarter) => {
		const [columns, rows] = [width >> 1, height >> 1];
		let sum = 0;
		for (let y = 0; y < rows; y++) {
			for (let x = 0; x < columns; x++) {
				sum += luma[(y + (quarter >> 1) * rows) * width + x + (quarter & 1) * columns] ?? 0;
			}
		}
		return Math.round(sum / (columns * rows));
	});

const readSource = async (address: string, from: number): Promise<SourceAccount | SourceRefusal> => {
	const blob = await (await fetch(address)).blob();
	const { signal } = new AbortController();
	try {
		const source = await FileSource.open(blob, { audio: "auto", signal });
		const sizes: string[] = [];
		const timestamps: number[] = [];
		const durations: number[] = [];
		let corner: number[] = [];
		let quarters: number[] = [];
		for await (const { picture, duration } of source.pictures(from, signal)) {
			if (timestamps.length === 0) {
				corner = [picture.y[0] ?? -1, picture.u[0] ?? -1, picture.v[0] ?? -1];
				quarters = quarterMeans(picture.y, picture.width, picture.height);
			}
			timestamps.push(picture.timestamp);
			durations.push(duration);
			sizes.push(`${picture.width}x${picture.height}`);
		}
		const { audio } = source;
		const sound = { count: 0, first: -1, end: 0 };
		for await (const sample of audio?.samples(signal) ?? []) {
			sound.first = sound.count === 0 ? sample.timestamp : sound.first;
			sound.count += 1;
			sound.end = sample.timestamp + sample.duration;
		}
		source.close();
		const { width, height, duration, frameRate, rotation, colour } = source.info;
		const track = audio && { ...audio.track, made: audio.made, description: audio.track.description.length };
		const warnings = source.warnings.map(({ code }) => code);
		return {
			...{ width, height, duration, frameRate, rotation, colour },
			...{ sizes, timestamps, durations, corner, quarters, audio: track, sound, warnings },
		};
	} catch (error) {
		if (error instanceof UploadError) {
			return { refused: error.code, hint: error.hint !== undefined };
		}
		throw error;
	}
};

/** What an upload did, told when it ended. */
export type UploadAccount = {
	readonly states: readonly string[];
	readonly events: readonly string[];
	readonly result: UploadResult | undefined;
	readonly error: { readonly code: string; readonly message: string; readonly hint: string | undefined } | undefined;
	readonly last: UploadProgress | undefined;
	/** With the token `counted`: the assets that tokens were asked for, null before there was one. */
	readonly askedFor: readonly (string | null)[];
};

const uploads = new Map<number, Upload>();
const askedFor: (string | null)[] = [];

/** Begins an upload to the edge of this origin; `finishUpload` waits for it. */
const beginUpload = async (address: string, options: Partial<UploadOptions>): Promise<number> => {
	const blob = await (await fetch(address)).blob();
	return begin(new File([blob], address.split("/").at(-1) ?? "video"), options);
};

const countedToken: TokenProvider = ({ assetId }) => `token-${askedFor.push(assetId ?? null)}`;

const begin = (source: UploadSource, options: Partial<UploadOptions>): number => {
	const upload = createUpload(source, {
		endpoint: "/",
		token: "good",
		...options,
		...(options.token === "counted" && { token: countedToken }),
	});
	const id = uploads.size;
	uploads.set(id, upload);
	return id;
};

const uploadOf = (id: number): Upload => {
	const upload = uploads.get(id);
	if (upload === undefined) {
		throw new Error(`no upload ${id}`);
	}
	return upload;
};

const finishUpload = async (id: number): Promise<UploadAccount> => {
	const upload = uploadOf(id);
	const states: string[] = [upload.state];
	const events: string[] = [];
	upload.addEventListener("statechange", ({ detail }) => states.push(detail.state));
	for (const name of ["warning", "asset", "playable", "error", "done"] as const) {
		upload.addEventListener(name, () => events.push(name));
	}
	try {
		const result = await upload.done;
		return { states, events, result, error: undefined, last: upload.progress, askedFor };
	} catch (error) {
		if (error instanceof UploadError) {
			const { code, message, hint, cause } = error;
			const detail = cause instanceof Error ? `${message} [${cause.stack ?? cause.message}]` : message;
			const told = { code, message: detail, hint };
			return { states, events, result: undefined, error: told, last: upload.progress, askedFor };
		}
		throw error;
	}
};

const upload = async (address: string, options: Partial<UploadOptions>): Promise<UploadAccount> =>
	finishUpload(await beginUpload(address, options));

const control = (id: number, action: "pause" | "resume" | "abort"): string => {
	const running = uploadOf(id);
	running[action]();
	return running.state;
};

const progressOf = (id: number): UploadProgress | undefined => uploadOf(id).progress;

/** Uploads through `<crescendo-uploader>`, as a person who chooses a file would. */
const uploadByElement = async (
	address: string,
): Promise<{ readonly watch: string; readonly status: string; readonly events: string[] }> => {
	defineUploader();
	const element = document.createElement("crescendo-uploader") as CrescendoUploaderElement;
	element.endpoint = "/";
	element.token = "good";
	element.options = { backend: "none" };
	document.body.append(element);
	const events: string[] = [];
	const ended = new Promise<void>((resolve) => {
		for (const name of ["asset", "playable", "done", "error"]) {
			element.addEventListener(name, () => {
				events.push(name);
				if (name === "done" || name === "error") {
					resolve();
				}
			});
		}
	});
	const transfer = new DataTransfer();
	transfer.items.add(new File([await (await fetch(address)).blob()], "holiday.mp4"));
	const input = element.shadowRoot?.querySelector("input");
	if (!(input instanceof HTMLInputElement)) {
		throw new Error("the element has no file input");
	}
	input.files = transfer.files;
	input.dispatchEvent(new Event("change"));
	await ended;
	const text = (selector: string) => element.shadowRoot?.querySelector(selector)?.textContent ?? "";
	const watch = element.shadowRoot?.querySelector("a")?.href ?? "";
	return { watch, status: `${text('[part="title"]')}: ${text('[part="status"]')}`, events };
};

/** Rate and quality of the browser's H.264 encoder. */
export type BaseMeasurement = {
	readonly bitrate: number;
	readonly actual: number;
	readonly psnr: number;
	readonly description: string;
};

/** Codes raw 4:2:0 pictures at several rates, and measures what comes out. */
const measureBase = async (
	address: string,
	shape: Omit<BaseEncoderConfig, "rate"> & { readonly count: number },
	bitrates: readonly number[],
): Promise<readonly BaseMeasurement[]> => {
	const { width, height, frameRate, count } = shape;
	const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
	const luma = width * height;
	const chroma = luma / 4;
	const interval = (1e6 * frameRate.denominator) / frameRate.numerator;
	const pictures = Array.from({ length: count }, (_, index): Picture => {
		const plane = (offset: number, size: number) => {
			const start = index * (luma + 2 * chroma) + offset;
			return bytes.subarray(start, start + size);
		};
		const planes = { y: plane(0, luma), u: plane(luma, chroma), v: plane(luma + chroma, chroma) };
		return { width, height, ...planes, timestamp: Math.round(index * interval) };
	});
	const measured: BaseMeasurement[] = [];
	for (const bitrate of bitrates) {
		const encoder = await WebCodecsBaseEncoder.create({ ...shape, rate: { bitrate }, codecs: ["avc"] });
		const samples: Sample[] = [];
		for await (const sample of encodeAll(encoder, pictures)) {
			samples.push(sample);
		}
		const track = await encoder.track();
		let psnr = 0;
		let index = 0;
		for await (const picture of decodeAll(new WebCodecsBaseDecoder(track), samples)) {
			psnr += measurePsnr(pictures[index++] ?? picture, picture).yuv / count;
		}
		const bits = samples.reduce((sum, { data }) => sum + 8 * data.length, 0);
		const description = [...track.description].map((byte) => byte.toString(16).padStart(2, "0")).join("");
		measured.push({ bitrate, actual: (bits / count / interval) * 1e6, psnr, description });
	}
	return measured;
};

/**
 * Uploads on the page's own thread, where its tools can be made to fail: storage after so many writes, the video encoder at a
 * picture (-1: at every one).
 */
const uploadWithFaults = async (
	address: string,
	options: Partial<UploadOptions>,
	{ quotaAfter, encoderFailsAt }: { readonly quotaAfter?: number; readonly encoderFailsAt?: number },
): Promise<UploadAccount> => {
	const { put } = IDBObjectStore.prototype;
	const Encoder = globalThis.VideoEncoder;
	let writes = 0;
	let pictures = 0;
	if (quotaAfter !== undefined) {
		IDBObjectStore.prototype.put = function full(...given) {
			if (writes++ >= quotaAfter) {
				throw new DOMException("The disk is full.", "QuotaExceededError");
			}
			return put.apply(this, given);
		};
	}
	if (encoderFailsAt !== undefined) {
		globalThis.VideoEncoder = class extends Encoder {
			readonly #fail: (error: DOMException) => void;
			constructor(init: VideoEncoderInit) {
				super(init);
				this.#fail = init.error;
			}
			override encode(frame: VideoFrame, how?: VideoEncoderEncodeOptions): void {
				if (++pictures === encoderFailsAt || encoderFailsAt === -1) {
					this.#fail(new DOMException("The encoder's process died.", "EncodingError"));
					return;
				}
				super.encode(frame, how);
			}
		};
	}
	const faulty = quotaAfter !== undefined || encoderFailsAt !== undefined;
	try {
		return await upload(address, faulty ? { ...options, worker: "none" } : options);
	} finally {
		IDBObjectStore.prototype.put = put;
		globalThis.VideoEncoder = Encoder;
	}
};

/** Uploads a camera, a screen or a canvas for some seconds, and says what was dropped. */
const uploadStream = async (
	kind: "camera" | "screen" | "canvas",
	seconds: number,
	options: Partial<UploadOptions>,
): Promise<UploadAccount> => {
	const stream = await (kind === "camera" ? openCamera() : kind === "screen" ? openScreen() : drawnStream());
	const upload = begin(stream, options);
	const account = finishUpload(upload);
	const started = new Promise<void>((resolve) => {
		uploadOf(upload).addEventListener("statechange", ({ detail }) => detail.state === "running" && resolve());
	});
	await Promise.race([started, account]);
	await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
	uploadOf(upload).finish();
	const told = await account;
	for (const track of stream.getTracks()) {
		track.stop();
	}
	return told;
};

const openCamera = () =>
	navigator.mediaDevices.getUserMedia({ video: { width: 160, height: 120, frameRate: 10 }, audio: true });

const openScreen = () => navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 5 } });

/** A canvas whose colour changes, for as long as the page lives. */
const drawnStream = (): MediaStream => {
	const canvas = document.createElement("canvas");
	canvas.width = 160;
	canvas.height = 90;
	const context = canvas.getContext("2d");
	let step = 0;
	setInterval(() => {
		if (context !== null) {
			context.fillStyle = `hsl(${(step += 7)} 80% 50%)`;
			context.fillRect(0, 0, 160, 90);
		}
	}, 50);
	return canvas.captureStream(20);
};

/** Uploads frames of an async iterable. @param times microseconds. @param spoiled index of an item that is no frame. */
const uploadFrames = (
	times: readonly number[],
	options: Partial<UploadOptions>,
	spoiled = -1,
): Promise<UploadAccount> => {
	const frames = async function* (): AsyncGenerator<VideoFrame, void, undefined> {
		for (const [index, timestamp] of times.entries()) {
			const data = new Uint8Array(96 * 64 * 1.5).fill(40 + (index % 160));
			const frame = new VideoFrame(data, { format: "I420", codedWidth: 96, codedHeight: 64, timestamp });
			yield index === spoiled ? ("no frame" as unknown as VideoFrame) : frame;
		}
	};
	return finishUpload(begin(frames(), options));
};

/** Records some seconds of the camera through `<crescendo-uploader camera>`, by clicks alone. */
const recordByElement = async (seconds: number): Promise<string[]> => {
	defineUploader();
	const element = document.createElement("crescendo-uploader");
	if (!(element instanceof CrescendoUploaderElement)) {
		throw new Error("the element is not defined");
	}
	element.toggleAttribute("camera", true);
	element.setAttribute("endpoint", "/");
	element.token = "good";
	element.options = { backend: "none", gopSeconds: 0.5 };
	document.body.replaceChildren(element);
	const told: string[] = [];
	const button = (part: string): HTMLElement => {
		const found = element.shadowRoot?.querySelector<HTMLElement>(`[part~="${part}"]`);
		if (found === null || found === undefined || found.hidden) {
			throw new Error(`no button ${part} in sight`);
		}
		return found;
	};
	const running = new Promise<void>((resolve) => {
		element.addEventListener("statechange", (event) => {
			if ((event as CustomEvent<{ state: string }>).detail.state === "running") {
				resolve();
			}
		});
	});
	const ended = new Promise<void>((resolve) => {
		for (const name of ["done", "error"]) {
			element.addEventListener(name, () => {
				told.push(name);
				resolve();
			});
		}
	});
	button("camera").click();
	await running;
	await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
	button("finish").click();
	await ended;
	told.push(element.shadowRoot?.querySelector('[role="status"]')?.textContent ?? "");
	told.push(button("watch").textContent ?? "");
	return told;
};

const functions = {
	recordByElement,
	uploadWithFaults,
	uploadStream,
	uploadFrames,
	measureBase,
	uploadByElement,
	readSource,
	upload,
	beginUpload,
	finishUpload,
	control,
	progressOf,
};

declare global {
	var bench: TestBench;
}

/** Everything that a test may call. */
export type TestBench = typeof functions;

globalThis.bench = functions;
