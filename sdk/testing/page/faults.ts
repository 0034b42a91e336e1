import { openDB } from "idb";
import type { UploadOptions } from "../../index.ts";
import { beginUpload, finishUpload, upload, uploadOf } from "./uploads.ts";
import type { UploadAccount } from "./uploads.ts";

/**
 * Uploads on the page's own thread, where its tools can be made to fail: storage after so many writes, the video encoder at a
 * picture (-1: at every one).
 */
export const uploadWithFaults = async (
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

/**
 * Uploads on the page's own thread and loses the GPU while the second group of pictures is coded.
 * @returns how many devices were asked for, beside what the upload did.
 */
export const uploadLosingGpu = async (
	address: string,
	options: Partial<UploadOptions>,
): Promise<UploadAccount & { readonly devices: number }> => {
	const { requestDevice } = GPUAdapter.prototype;
	const devices: GPUDevice[] = [];
	GPUAdapter.prototype.requestDevice = async function counted(...given) {
		const device = await requestDevice.apply(this, given);
		devices.push(device);
		return device;
	};
	try {
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
	} finally {
		GPUAdapter.prototype.requestDevice = requestDevice;
	}
};

/** Milliseconds by which the clock goes on each time that somebody looks at it, and by which it leaps. */
const TICK = 50;
const LEAP = 1e7;

/**
 * Uploads on the page's own thread with a clock that no real time moves, so that every machine is as quick as any other; and that leaps
 * by hours while the second group of pictures is coded.
 */
export const uploadFallingBehind = async (address: string): Promise<UploadAccount> => {
	const { now } = performance;
	let time = 0;
	performance.now = () => (time += TICK);
	try {
		const options = { backend: "auto", patience: 1000, gopSeconds: 0.5, resume: false, preview: true } as const;
		const id = await beginUpload(address, { ...options, worker: "none" });
		let groups = 0;
		uploadOf(id).addEventListener("preview", () => {
			groups += 1;
			time += groups === 2 ? LEAP : 0;
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
