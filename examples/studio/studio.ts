import { createUpload, isAboutEnhancement } from "../../sdk/index.ts";
import type { LayerProgress, Upload, UploadEventMap, UploadProgress, UploadState } from "../../sdk/index.ts";
import { listAssets, uploadToken } from "./edge.ts";
import { BOTTLENECKS, inBytes, inClock, inTime, PREPARING_ENHANCEMENT, STATES } from "./words.ts";

/** The page's elements by id; a missing one is a mistake of the page. */
const element = <T extends HTMLElement>(id: string, kind: new () => T): T => {
	const found = document.getElementById(id);
	if (!(found instanceof kind)) {
		throw new Error(`The page has no ${kind.name} #${id}.`);
	}
	return found;
};

const page = {
	machine: element("machine", HTMLElement),
	choose: element("choose", HTMLElement),
	drop: element("drop", HTMLElement),
	file: element("file", HTMLInputElement),
	backend: element("backend", HTMLSelectElement),
	camera: element("camera", HTMLButtonElement),
	sample: element("sample", HTMLButtonElement),
	work: element("work", HTMLElement),
	stage: element("stage", HTMLElement),
	title: element("work-title", HTMLElement),
	watch: element("watch", HTMLAnchorElement),
	notice: element("notice", HTMLElement),
	compare: element("compare", HTMLElement),
	before: element("before", HTMLCanvasElement),
	after: element("after", HTMLCanvasElement),
	wipe: element("wipe", HTMLInputElement),
	bar: element("bar", HTMLElement),
	legend: element("legend", HTMLElement),
	percent: element("percent", HTMLElement),
	frames: element("frames", HTMLElement),
	fps: element("fps", HTMLElement),
	left: element("left", HTMLElement),
	uploaded: element("uploaded", HTMLElement),
	runs: element("runs", HTMLElement),
	waits: element("waits", HTMLElement),
	layers: element("layers", HTMLTableElement),
	warnings: element("warnings", HTMLElement),
	finish: element("finish", HTMLButtonElement),
	pause: element("pause", HTMLButtonElement),
	cancel: element("cancel", HTMLButtonElement),
	again: element("again", HTMLButtonElement),
	failure: element("failure", HTMLElement),
	failureMessage: element("failure-message", HTMLElement),
	failureHint: element("failure-hint", HTMLElement),
	failureCode: element("failure-code", HTMLElement),
	retry: element("retry", HTMLButtonElement),
	assets: element("assets", HTMLElement),
	assetTemplate: element("asset", HTMLTemplateElement),
	assetsEmpty: element("assets-empty", HTMLElement),
	spoken: element("spoken", HTMLElement),
};

const SAMPLE_URL = "/sample/bunny.mp4";

let upload: Upload | undefined;
/** The camera that is recorded: this page switched it on, and switches it off. */
let recording: MediaStream | undefined;

const show = (view: "choose" | "work" | "failure"): void => {
	page.choose.hidden = view === "work";
	page.work.hidden = view !== "work";
	page.failure.hidden = view !== "failure";
};

const speak = (text: string): void => {
	page.spoken.textContent = text;
};

/** Says before anything is chosen what this machine will do. */
const describeMachine = async (): Promise<void> => {
	if (!("VideoEncoder" in globalThis)) {
		page.machine.textContent =
			"This browser cannot encode video (no WebCodecs). Use a current Chrome, Edge, Safari or Firefox.";
		return;
	}
	const adapter = await navigator.gpu?.requestAdapter();
	const name = [adapter?.info.vendor, adapter?.info.architecture].filter(Boolean).join(" ");
	page.machine.textContent =
		// Browsers without a GPU may imitate one on the processor.
		adapter === null || adapter === undefined || adapter.info.isFallbackAdapter
			? "No GPU here: the enhancement runs on the processor, where size or effort may be smaller."
			: `This machine has a GPU${name === "" ? "" : ` (${name})`}: the enhancement runs there if it is quicker than the processor.`;
};

const cell = (tag: "th" | "td", text: string): HTMLTableCellElement => {
	const made = document.createElement(tag);
	made.textContent = text;
	if (tag === "th") {
		made.scope = "row";
	}
	return made;
};

const LAYER_NAMES = { base: "Base", enhancement: "Enhancement", audio: "Sound" } as const;
const LAYER_COLOURS = { base: "var(--base)", enhancement: "var(--enhanced)", audio: "var(--sound)" } as const;

const showLayers = (layers: readonly LayerProgress[]): void => {
	const most = Math.max(1, ...layers.map(({ kilobitsPerSecond }) => kilobitsPerSecond));
	const rows = layers.map((layer) => {
		const row = document.createElement("tr");
		const size = layer.width === undefined ? "" : `${layer.width}\u00a0×\u00a0${layer.height}`;
		const name = layer.q === undefined ? LAYER_NAMES[layer.kind] : `${LAYER_NAMES[layer.kind]} q ${layer.q}`;
		const share = document.createElement("span");
		share.className = "share";
		share.style.width = `${(100 * layer.kilobitsPerSecond) / most}%`;
		share.style.background = LAYER_COLOURS[layer.kind];
		const last = cell("td", "");
		last.append(share);
		row.append(
			cell("th", name),
			cell("td", size),
			cell("td", layer.codec),
			cell("td", layer.bytes > 0 ? String(Math.round(layer.kilobitsPerSecond)) : "–"),
			last,
		);
		return row;
	});
	page.layers.tBodies[0]?.replaceChildren(...rows);
	page.layers.hidden = layers.length === 0;
};

const showProgress = (progress: UploadProgress, state: UploadState): void => {
	const total = progress.framesTotal ?? 0;
	const share = (frames: number) => (state === "done" ? 1 : total > 0 ? Math.min(1, frames / total) : 0);
	const encoded = share(progress.framesEncoded);
	const uploaded = share(progress.framesUploaded);
	const [encodedBar, uploadedBar] = page.bar.children;
	if (encodedBar instanceof HTMLElement && uploadedBar instanceof HTMLElement) {
		encodedBar.style.width = `${100 * encoded}%`;
		uploadedBar.style.width = `${100 * uploaded}%`;
	}
	page.bar.setAttribute("aria-valuenow", String(Math.round(100 * uploaded)));
	const away = progress.waitingForNetwork && (state === "running" || state === "finishing");
	page.stage.textContent = away ? "Waiting for the network, then it goes on by itself" : stageOf(progress, state);
	page.percent.textContent = total > 0 ? `${Math.floor(100 * encoded)} %` : "";
	const dropped = progress.framesDropped > 0 ? ` (${progress.framesDropped} left out)` : "";
	page.frames.textContent =
		total > 0 ? `${progress.framesEncoded} of ${total}${dropped}` : `${progress.framesEncoded}${dropped}`;
	page.fps.textContent = state === "running" && progress.fps > 0 ? progress.fps.toFixed(1) : "–";
	page.left.textContent = timeLeft(progress, state);
	const pending = progress.bytesPending > 0 && state !== "done" ? ` (+${inBytes(progress.bytesPending)})` : "";
	page.uploaded.textContent = inBytes(progress.bytesUploaded) + pending;
	page.waits.textContent = waitsFor(progress, state);
	const { backend } = progress;
	if (backend !== undefined) {
		page.runs.textContent =
			backend.kind === "none"
				? "Base only"
				: `${backend.description}, ${backend.width}\u00a0×\u00a0${backend.height}`;
		page.notice.hidden = backend.notice === undefined;
		page.notice.textContent = backend.notice ?? "";
	}
	showLayers(progress.layers);
};

/** The base is on its way before the enhancement's networks are loaded: until the first frame is whole, that is what happens. */
const stageOf = ({ framesEncoded, backend }: UploadProgress, state: UploadState): string => {
	const loading = state === "running" && framesEncoded === 0 && backend !== undefined && backend.kind !== "none";
	return loading ? PREPARING_ENHANCEMENT : STATES[state];
};

const timeLeft = (progress: UploadProgress, state: UploadState): string => {
	if (state === "done") {
		return "none";
	}
	return progress.secondsLeft === undefined || state !== "running" ? "–" : inTime(progress.secondsLeft);
};

const waitsFor = (progress: UploadProgress, state: UploadState): string => {
	if (progress.waitingForNetwork) {
		return "the network, which is away";
	}
	return state === "running" ? BOTTLENECKS[progress.bottleneck] : "–";
};

const draw = (canvas: HTMLCanvasElement, frame: VideoFrame, width: number, height: number): void => {
	canvas.width = width;
	canvas.height = height;
	canvas.getContext("2d")?.drawImage(frame, 0, 0, width, height);
};

const showState = (state: UploadState): void => {
	page.stage.textContent = STATES[state];
	const over = state === "done" || state === "failed" || state === "aborted";
	page.pause.hidden = over;
	page.cancel.hidden = over;
	page.again.hidden = !over;
	page.pause.textContent = state === "paused" ? "Resume" : "Pause";
	page.finish.hidden = over || recording === undefined || state === "finishing";
	if (over || state === "finishing") {
		stopRecording();
	}
};

const stopTracks = (stream: MediaStream | undefined): void => {
	for (const track of stream?.getTracks() ?? []) {
		track.stop();
	}
};

const stopRecording = (): void => {
	stopTracks(recording);
	recording = undefined;
};

const record = async (): Promise<void> => {
	const before = upload;
	let camera: MediaStream | undefined;
	try {
		camera = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
		begin(camera, "Recording");
	} catch (error) {
		stopTracks(camera);
		if (upload !== before) {
			// A file was chosen while the person was asked: it is on its way, and what they said no to is no failure.
			return;
		}
		const refused = error instanceof DOMException && error.name === "NotAllowedError";
		showFailure(
			refused ? "Camera and microphone are not allowed here." : String(error),
			"Allow both for this page in the browser's settings, or choose a file.",
			error instanceof DOMException ? error.name : "camera",
		);
	}
};

const showFailure = (message: string, hint: string, code: string): void => {
	page.failureMessage.textContent = message;
	page.failureHint.textContent = hint;
	page.failureCode.textContent = code;
	show("failure");
	page.choose.hidden = true;
};

const begin = (source: File | string | MediaStream, title: string): void => {
	const quality = document.querySelector<HTMLInputElement>('input[name="quality"]:checked')?.value ?? "24";
	const choice = page.backend.value;
	const backend = choice === "webgpu" || choice === "wasm" || choice === "none" ? choice : "auto";
	page.title.textContent = title;
	page.watch.hidden = true;
	page.compare.hidden = true;
	page.notice.hidden = true;
	page.warnings.replaceChildren();
	showLayers([]);
	const current = createUpload(source, {
		endpoint: location.origin,
		token: ({ assetId }) => uploadToken(assetId),
		enhancements: [Number(quality)],
		backend,
		title,
		preview: true,
	});
	const before = upload;
	upload = current;
	// It may have begun while the person was asked for the camera. What it still says is not shown.
	before?.abort();
	stopRecording();
	recording = source instanceof MediaStream ? source : undefined;
	// Of a recording nobody knows how long it will be.
	page.bar.hidden = source instanceof MediaStream;
	page.legend.hidden = page.bar.hidden;
	show("work");
	showState("idle");
	page.title.focus();
	listen(current, title);
};

const listen = (current: Upload, title: string): void => {
	/** Another upload may have been started meanwhile: what this one still says is not shown. */
	const on = <Name extends keyof UploadEventMap>(type: Name, listener: (event: UploadEventMap[Name]) => void) =>
		current.addEventListener(type, (event) => {
			if (upload === current) {
				listener(event);
			}
		});
	on("statechange", ({ detail }) => {
		showState(detail.state);
		speak(STATES[detail.state]);
	});
	on("progress", ({ detail }) => showProgress(detail, current.state));
	on("warning", ({ detail }) => {
		// The notice already says what was given up on this machine.
		if (isAboutEnhancement(detail)) {
			return;
		}
		const item = document.createElement("li");
		item.textContent = detail.message;
		page.warnings.append(item);
	});
	on("preview", ({ detail: { base, enhanced } }) => {
		draw(page.before, base, enhanced.displayWidth, enhanced.displayHeight);
		draw(page.after, enhanced, enhanced.displayWidth, enhanced.displayHeight);
		page.compare.hidden = false;
	});
	on("playable", ({ detail }) => {
		page.watch.href = detail.watchUrl;
		page.watch.hidden = false;
		speak(`${title} can be watched already.`);
		void refreshAssets();
	});
	on("done", () => {
		if (current.progress !== undefined) {
			showProgress(current.progress, "done");
		}
		void refreshAssets();
	});
	on("error", ({ detail }) => {
		if (detail.code === "aborted") {
			reset();
			return;
		}
		showFailure(detail.message, detail.hint ?? "", detail.serverCode ?? detail.code);
	});
};

const reset = (): void => {
	upload = undefined;
	page.file.value = "";
	show("choose");
	page.file.focus();
};

const refreshAssets = async (): Promise<void> => {
	try {
		const assets = await listAssets();
		page.assets.replaceChildren(
			...assets.map((asset) => {
				const item = page.assetTemplate.content.cloneNode(true);
				if (!(item instanceof DocumentFragment)) {
					throw new Error("The page's template for a video is empty.");
				}
				const state = asset.state === "complete" ? "" : " · uploading";
				const layers = asset.enhancements > 0 ? "" : " · base only";
				const facts = `${inClock(asset.durationSeconds)} · ${asset.width}\u00a0×\u00a0${asset.height}${layers}${state}`;
				item.querySelector("a")?.setAttribute("href", asset.urls.watch);
				item.querySelector("strong")?.append(asset.title ?? asset.id);
				item.querySelector(".facts")?.append(facts);
				const poster = item.querySelector("img");
				// Assets that were made by other means have none: then the mark behind it is seen.
				poster?.addEventListener("error", () => poster.remove());
				poster?.setAttribute("src", `/v1/assets/${encodeURIComponent(asset.id)}/poster`);
				return item;
			}),
		);
		page.assetsEmpty.hidden = assets.length > 0;
	} catch (error) {
		page.assetsEmpty.hidden = false;
		page.assetsEmpty.textContent = error instanceof Error ? error.message : String(error);
	}
};

page.file.addEventListener("change", () => {
	const [file] = page.file.files ?? [];
	if (file !== undefined) {
		begin(file, file.name.replace(/\.[^.]+$/, ""));
	}
});
page.sample.addEventListener("click", () => begin(new URL(SAMPLE_URL, location.href).href, "Big Buck Bunny"));
page.camera.hidden = navigator.mediaDevices === undefined;
page.camera.addEventListener("click", () => void record());
page.finish.addEventListener("click", () => upload?.finish());
page.wipe.addEventListener("input", () => page.compare.style.setProperty("--wipe", `${page.wipe.value}%`));
page.pause.addEventListener("click", () => (upload?.state === "paused" ? upload.resume() : upload?.pause()));
page.cancel.addEventListener("click", () => upload?.abort());
page.again.addEventListener("click", reset);
page.retry.addEventListener("click", reset);

document.addEventListener("dragover", (event) => {
	event.preventDefault();
	page.drop.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
	if (event.relatedTarget === null) {
		page.drop.classList.remove("over");
	}
});
document.addEventListener("drop", (event) => {
	event.preventDefault();
	page.drop.classList.remove("over");
	const [file] = event.dataTransfer?.files ?? [];
	if (file !== undefined && !page.choose.hidden) {
		begin(file, file.name.replace(/\.[^.]+$/, ""));
	}
});
addEventListener("beforeunload", (event) => {
	// A file goes on where it was when it is chosen again; a recording is lost for good, also one that is paused.
	if (upload !== undefined && !["idle", "done", "failed", "aborted"].includes(upload.state)) {
		event.preventDefault();
	}
});

show("choose");
void describeMachine();
void refreshAssets();
