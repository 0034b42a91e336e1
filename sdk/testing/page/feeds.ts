import type { UploadOptions } from "../../index.ts";
import { begin, finishUpload, uploadOf } from "./uploads.ts";
import type { UploadAccount } from "./uploads.ts";

/** Uploads a camera, a screen or a canvas for some seconds, and says what was dropped. */
export const uploadStream = async (
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

/**
 * Begins to upload a camera that films a clock: a canvas that shows `Date.now()` as black and white cells, so that whoever sees the
 * video knows how old it is.
 * @param cells columns and rows; the first cell is the lowest bit.
 */
export const beginClock = (
	size: { readonly width: number; readonly height: number; readonly frameRate: number },
	cells: { readonly columns: number; readonly rows: number },
	options: Partial<UploadOptions>,
): number => {
	const canvas = document.createElement("canvas");
	canvas.width = size.width;
	canvas.height = size.height;
	const context = canvas.getContext("2d");
	const [width, height] = [size.width / cells.columns, size.height / cells.rows];
	setInterval(() => {
		const now = Date.now();
		for (let bit = 0; bit < cells.columns * cells.rows; bit++) {
			if (context !== null) {
				context.fillStyle = Math.floor(now / 2 ** bit) % 2 === 1 ? "#fff" : "#000";
				context.fillRect(
					(bit % cells.columns) * width,
					Math.floor(bit / cells.columns) * height,
					width,
					height,
				);
			}
		}
	}, 1000 / size.frameRate);
	return begin(canvas.captureStream(size.frameRate), options);
};

/** Ends what `beginClock` began, and tells what became of it. */
export const finishClock = (id: number): Promise<UploadAccount> => {
	const account = finishUpload(id);
	uploadOf(id).finish();
	return account;
};

/** A canvas whose colour changes, for as long as the page lives. */
export const drawnStream = ({ width, height, frameRate } = { width: 160, height: 90, frameRate: 20 }): MediaStream => {
	const canvas = document.createElement("canvas");
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext("2d");
	let step = 0;
	setInterval(() => {
		if (context !== null) {
			context.fillStyle = `hsl(${(step += 7)} 80% 50%)`;
			context.fillRect(0, 0, width, height);
		}
	}, 1000 / frameRate);
	return canvas.captureStream(frameRate);
};

/** Uploads frames of an async iterable. @param times microseconds. @param spoiled index of an item that is no frame. */
export const uploadFrames = (
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
