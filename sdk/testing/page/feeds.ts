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
