import { openDB } from "idb";
import type { UploadOptions } from "../../index.ts";
import { drawnStream } from "./feeds.ts";
import { begin, beginUpload, finishUpload, upload, uploadOf } from "./uploads.ts";
import type { UploadAccount } from "./uploads.ts";

/** What fails in an upload: storage after so many writes, the encoder at a picture, the second decoder at a packet, that of sound at a piece. */
export type Faults = {
	readonly quotaAfter?: number;
	readonly encoderFailsAt?: number;
	readonly decoderFailsAt?: number;
	readonly soundFailsAt?: number;
};

/** How often codecs failed as they were told. */
export type FaultyAccount = UploadAccount & { readonly failures: number };

/**
 * Uploads on the page's own thread, where its tools can be made to fail: storage after so many writes, the video encoder at a
 * picture (-1: at every one), the second video decoder at a packet (the first looks at the first picture only), an audio encoder at a piece of
 * sound, counted over all of them.
 */
export const uploadWithFaults = async (
	address: string,
	options: Partial<UploadOptions>,
	{ quotaAfter, encoderFailsAt, decoderFailsAt, soundFailsAt }: Faults,
): Promise<FaultyAccount> => {
	const { put } = IDBObjectStore.prototype;
	const Encoder = globalThis.VideoEncoder;
	const Decoder = globalThis.VideoDecoder;
	const SoundEncoder = globalThis.AudioEncoder;
	let decoders = 0;
	let writes = 0;
	let pictures = 0;
	let sounds = 0;
	let failures = 0;
	const death = (of: string): DOMException => {
		failures += 1;
		return new DOMException(`The ${of}'s process died.`, "EncodingError");
	};
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
					this.#fail(death("encoder"));
					return;
				}
				super.encode(frame, how);
			}
		};
	}
	if (decoderFailsAt !== undefined) {
		globalThis.VideoDecoder = class extends Decoder {
			readonly #fail: (error: DOMException) => void;
			readonly #place = ++decoders;
			#packets = 0;
			constructor(init: VideoDecoderInit) {
				super(init);
				this.#fail = init.error;
			}
			override decode(chunk: EncodedVideoChunk): void {
				if (this.#place === 2 && ++this.#packets === decoderFailsAt) {
					this.close();
					this.#fail(death("decoder"));
					return;
				}
				super.decode(chunk);
			}
		};
	}
	if (soundFailsAt !== undefined) {
		globalThis.AudioEncoder = class extends SoundEncoder {
			readonly #fail: (error: DOMException) => void;
			constructor(init: AudioEncoderInit) {
				super(init);
				this.#fail = init.error;
			}
			override encode(data: AudioData): void {
				if (++sounds === soundFailsAt) {
					this.close();
					this.#fail(death("encoder"));
					return;
				}
				super.encode(data);
			}
		};
	}
	const faulty = (quotaAfter ?? encoderFailsAt ?? decoderFailsAt ?? soundFailsAt) !== undefined;
	try {
		return { ...(await upload(address, faulty ? { ...options, worker: "none" } : options)), failures };
	} finally {
		IDBObjectStore.prototype.put = put;
		globalThis.VideoEncoder = Encoder;
		globalThis.VideoDecoder = Decoder;
		globalThis.AudioEncoder = SoundEncoder;
	}
};

/**
 * Uploads on the page's own thread and loses the GPU while the second group of pictures is coded.
 * @returns how many devices were asked for, beside what the upload did.
 */
export const uploadLosingGpu = async (
	address: string,
	options: Partial<UploadOptions>,
): Promise<UploadAccount & { readonly devices: number }> => {
	return countingDevices(async (devices) => {
		const id = await beginUpload(address, { ...options, worker: "none", preview: true });
		let groups = 0;
		// Told while the first picture of a group is coded, once a group.
		uploadOf(id).addEventListener("preview", () => {
			groups += 1;
			if (groups === 2) {
				devices.at(-1)?.destroy();
			}
		});
		return { ...(await finishUpload(id)), devices: devices.length };
	});
};

/** @param work gets the list that every device is added to while it runs. */
const countingDevices = async <T>(work: (devices: readonly GPUDevice[]) => Promise<T>): Promise<T> => {
	const { requestDevice } = GPUAdapter.prototype;
	const devices: GPUDevice[] = [];
	GPUAdapter.prototype.requestDevice = async function counted(...given) {
		const device = await requestDevice.apply(this, given);
		devices.push(device);
		return device;
	};
	try {
		return await work(devices);
	} finally {
		GPUAdapter.prototype.requestDevice = requestDevice;
	}
};

/** What a film went through. */
export type FilmAccount = UploadAccount & {
	/** Frames that were coded when the upload said that the enhancement has ended; 0 where it did not. */
	readonly codedBefore: number;
};

/**
 * Films a canvas on the page's own thread, and loses what computes while the second group of pictures is coded. When the enhancement has come
 * back it is lost again, if that is wanted; it ends when it came back to a group, or, where it is over, when more of the base is coded.
 * @param lose called while the first picture of a group is coded: of the second, and then of the first after it came back. False: enough.
 */
const filmLosing = async (options: Partial<UploadOptions>, lose: (time: number) => boolean): Promise<FilmAccount> => {
	const stream = drawnStream({ width: 64, height: 48, frameRate: 10 });
	const id = begin(stream, { ...options, worker: "none", preview: true, gopSeconds: 0.5 });
	const upload = uploadOf(id);
	let groups = 0;
	let lost = 0;
	let returned = 0;
	let codedBefore = 0;
	upload.addEventListener("preview", () => {
		groups += 1;
		if (groups > 1 && lost === returned && !lose(++lost)) {
			upload.finish();
		}
	});
	upload.addEventListener("warning", ({ detail }) => {
		returned += detail.code === "enhancement-interrupted" ? 1 : 0;
		codedBefore = detail.code === "enhancement-ended" ? (upload.progress?.framesEncoded ?? 0) : codedBefore;
	});
	upload.addEventListener("progress", ({ detail }) => {
		if (codedBefore > 0 && detail.framesEncoded >= codedBefore + FRAMES_AFTER) {
			upload.finish();
		}
	});
	try {
		return { ...(await finishUpload(id)), codedBefore };
	} finally {
		for (const track of stream.getTracks()) {
			track.stop();
		}
	}
};

/** Frames of the base that are waited for after its enhancement has ended. */
const FRAMES_AFTER = 10;

/** Films on a GPU that is lost, and can be opened again. @returns how many devices were asked for, beside what the upload did. */
export const filmLosingGpu = async (
	options: Partial<UploadOptions>,
): Promise<FilmAccount & { readonly devices: number }> =>
	countingDevices(async (devices) => {
		const account = await filmLosing(options, (time) => {
			if (time === 1) {
				devices.at(-1)?.destroy();
			}
			return time === 1;
		});
		return { ...account, devices: devices.length };
	});

/** What is wrong with a GPU from the start: there is no adapter, shaders round wrongly, or the device takes none. */
export type GpuFault = "no adapter" | "wrong results" | "no shaders";

/** Films where WebGPU cannot be had, until there is a second group of pictures with an enhancement. */
export const filmOnFaultyGpu = async (fault: GpuFault): Promise<FilmAccount> => {
	const { requestAdapter } = GPU.prototype;
	const { createShaderModule } = GPUDevice.prototype;
	if (fault === "no adapter") {
		GPU.prototype.requestAdapter = async () => null;
	} else {
		const change = (code: string) =>
			fault === "wrong results" ? code.replaceAll("floor(", "ceil(") : `${code}\nno shader`;
		GPUDevice.prototype.createShaderModule = function faulty(descriptor) {
			return createShaderModule.call(this, { ...descriptor, code: change(descriptor.code) });
		};
	}
	try {
		return await filmLosing({}, () => false);
	} finally {
		GPU.prototype.requestAdapter = requestAdapter;
		GPUDevice.prototype.createShaderModule = createShaderModule;
	}
};

/** Films on WASM, whose kernels trap once, and later whenever they are called. */
export const filmLosingWasm = async (options: Partial<UploadOptions>): Promise<FilmAccount> => {
	const { instantiate } = WebAssembly;
	let failures = 0;
	const faulty = async (module: WebAssembly.Module, imports?: WebAssembly.Imports) => {
		const { exports } = await instantiate(module, imports);
		const { convolve } = exports;
		if (typeof convolve !== "function") {
			throw new Error("These are no kernels.");
		}
		const trapping = (...given: readonly unknown[]): unknown => {
			if (failures > 0) {
				failures -= 1;
				throw new WebAssembly.RuntimeError("memory access out of bounds");
			}
			return Reflect.apply(convolve, undefined, given);
		};
		return { exports: { ...exports, convolve: trapping } };
	};
	Object.assign(WebAssembly, { instantiate: faulty });
	try {
		return await filmLosing(options, (time) => {
			failures = time === 1 ? 1 : Number.POSITIVE_INFINITY;
			return true;
		});
	} finally {
		Object.assign(WebAssembly, { instantiate });
	}
};

/** Uploads on the page's own thread, whose WebAssembly gets no more memory than it begins with. */
export const uploadWithoutMemory = async (address: string, options: Partial<UploadOptions>): Promise<UploadAccount> => {
	const { grow } = WebAssembly.Memory.prototype;
	WebAssembly.Memory.prototype.grow = () => {
		throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
	};
	try {
		return await upload(address, { ...options, worker: "none" });
	} finally {
		WebAssembly.Memory.prototype.grow = grow;
	}
};

/** Milliseconds by which the clock goes on each time that somebody looks at it, and by which it leaps: less than a machine's sleep. */
const TICK = 50;
const LEAP = 80_000;

/**
 * Uploads on the page's own thread with a clock that is moved only by looks at it, so that a slow machine is as quick as any other; and that leaps
 * while the second and the third group of pictures are coded, beyond the 150 seconds that three seconds of video may take.
 */
export const uploadFallingBehind = async (address: string): Promise<UploadAccount> => {
	const { now } = performance;
	let time = 0;
	performance.now = () => (time += TICK);
	try {
		const options = { backend: "auto", patience: 50, gopSeconds: 0.5, resume: false, preview: true } as const;
		const id = await beginUpload(address, { ...options, worker: "none" });
		let groups = 0;
		uploadOf(id).addEventListener("preview", () => {
			groups += 1;
			time += groups === 2 || groups === 3 ? LEAP : 0;
		});
		return await finishUpload(id);
	} finally {
		performance.now = now;
	}
};

/** Makes the uploads that this page can continue look as if another version of the SDK had begun them. @returns how many. */
export const pretendOtherBitstream = async (): Promise<number> => {
	const database = await openDB("crescendo-uploads");
	const records = await database.getAll("uploads");
	for (const record of records) {
		record.coding.bitstream -= 1;
		await database.put("uploads", record);
	}
	database.close();
	return records.length;
};
