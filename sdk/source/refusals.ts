import { UploadError } from "../errors.ts";

/** PQ or HLG. */
export const highDynamicRange = (): UploadError =>
	new UploadError("source-hdr", "The video has high dynamic range (PQ or HLG), which is not converted here.", {
		hint: "Export it as SDR (BT.709), or convert it with a tone-mapping tool first.",
	});

/** @throws {UploadError} `source-size` */
export const refuseSize = (width: number, height: number): void => {
	if (Math.min(width, height) < 16 || Math.max(width, height) > 8192) {
		throw new UploadError("source-size", `The video is ${width}x${height}; 16x16 to 8192x8192 can be uploaded.`, {
			hint: "Scale it first.",
		});
	}
};
