import type { UploadOptions } from "../../index.ts";
import { estimateSpeed } from "../../stages/estimate.ts";
import type { Speed } from "../../stages/plan.ts";
import { beginUpload, finishUpload, uploadOf } from "./uploads.ts";
import type { UploadAccount } from "./uploads.ts";

/** When things happened to an upload, in seconds since the file was chosen. */
export type UploadTimes = UploadAccount & {
	/** The machine is measured and the asset made. */
	readonly prepared: number | undefined;
	/** The first seconds can be watched. */
	readonly playable: number | undefined;
	/** Bytes that the edge had by then. */
	readonly bytesAtPlayable: number;
	/** The first enhanced frame is told of, and how many there are then: networks are loaded. */
	readonly begun: { readonly at: number; readonly frames: number } | undefined;
	/** Everything is coded. */
	readonly coded: number | undefined;
	readonly done: number;
	/** What was told of the processor at once, as an upload does that chooses its size by it. */
	readonly estimate: Speed;
};

/** Uploads a file and notes when it came how far. */
export const timeUpload = async (address: string, options: Partial<UploadOptions>): Promise<UploadTimes> => {
	const [once, again] = [await estimateSpeed(), await estimateSpeed()];
	const estimate = once.each < again.each ? once : again;
	const id = await beginUpload(address, options);
	const start = performance.now();
	const passed = () => (performance.now() - start) / 1000;
	const reached = new Map<string, number>();
	let bytesAtPlayable = 0;
	let begun: UploadTimes["begun"];
	const upload = uploadOf(id);
	upload.addEventListener("statechange", ({ detail }) => reached.set(detail.state, passed()));
	upload.addEventListener("playable", () => {
		if (!reached.has("playable")) {
			reached.set("playable", passed());
			bytesAtPlayable = upload.progress?.bytesUploaded ?? 0;
		}
	});
	upload.addEventListener("progress", ({ detail }) => {
		if (detail.framesEncoded > 0) {
			begun ??= { at: passed(), frames: detail.framesEncoded };
		}
	});
	const account = await finishUpload(id);
	return {
		...account,
		prepared: reached.get("running"),
		playable: reached.get("playable"),
		bytesAtPlayable,
		begun,
		coded: reached.get("finishing"),
		done: passed(),
		estimate,
	};
};
