import { UploadError } from "../errors.ts";
import type { TokenProvider, UploadOptions, UploadSource } from "../options.ts";
import type { UploadProgress } from "../progress.ts";
import type { UploadState } from "../state.ts";
import { isAboutEnhancement } from "../source/source-warning.ts";
import { createUpload } from "../upload.ts";
import type { Upload } from "../upload.ts";
import { progressInWords } from "./progress-words.ts";
import { STYLES, TEMPLATE } from "./template.ts";

/** Everything but `endpoint` and `token`, which the element has of its own. */
export type UploaderOptions = Omit<UploadOptions, "endpoint" | "token" | "preview" | "signal">;

/** Where there is no DOM (rendering on a server), the class can be imported and does nothing. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/** Events of the upload that the element passes on, with the same `detail`. */
const PASSED_ON = ["statechange", "progress", "warning", "asset", "playable", "error", "done"] as const;

/**
 * `<crescendo-uploader endpoint="https://video.example.com">`: a drop zone that becomes a progress display.
 *
 * - Attribute `endpoint`: where the edge answers; from a plain script tag, the script's origin unless it is there.
 * - Property `token`: a string or function as in `createUpload`; or attribute `token-url`: an address that answers a POST of
 *   `{ assetId }` with `{ token }`. One of them must be there before a file is chosen.
 * - Attribute `camera`: offers to record with camera and microphone.
 * - Property `options`: further options of `createUpload`.
 * - Method `start(source)`: begins without a click; `upload` is the upload under way.
 * - Slot `prompt`: what the drop zone says. Parts and custom properties: `template.ts`.
 * - Events: those of `Upload`, dispatched on the element, not bubbling.
 */
export class CrescendoUploaderElement extends Base {
	/** Where the edge answers for elements that do not say. */
	static defaultEndpoint: string | undefined;
	static readonly observedAttributes = ["camera"];
	// Declared, not defined: what a page has set before the element was defined must not be lost.
	declare token: string | TokenProvider | undefined;
	declare options: UploaderOptions;
	#upload: Upload | undefined;
	/** Of a recording that was begun here, and is ended here. */
	#recording: MediaStream | undefined;
	readonly #root: ShadowRoot;

	constructor() {
		super();
		this.options ??= {};
		this.#takeEndpoint();
		this.#root = this.attachShadow({ mode: "open", delegatesFocus: true });
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(STYLES);
		this.#root.adoptedStyleSheets = [sheet];
		const template = document.createElement("template");
		template.innerHTML = TEMPLATE;
		this.#root.append(template.content);
		this.#listen();
	}

	get endpoint(): string | null {
		return this.getAttribute("endpoint");
	}

	set endpoint(value: string | null) {
		if (value === null) {
			this.removeAttribute("endpoint");
		} else {
			this.setAttribute("endpoint", value);
		}
	}

	/** Set before the element was defined, it hides its accessor. */
	#takeEndpoint(): void {
		if (!Object.hasOwn(this, "endpoint")) return;
		const { endpoint } = this;
		delete (this as Partial<Pick<this, "endpoint">>).endpoint;
		this.endpoint = endpoint;
	}

	/** The upload under way, or the last one. */
	get upload(): Upload | undefined {
		return this.#upload;
	}

	/**
	 * Begins to upload a source.
	 * @throws {UploadError} `invalid-option`, also where `endpoint` or `token` is missing
	 */
	start(source: UploadSource): Upload {
		const endpoint = this.endpoint ?? CrescendoUploaderElement.defaultEndpoint;
		const token = this.token ?? this.#tokenFromServer();
		if (endpoint === undefined || token === undefined) {
			const missing =
				endpoint === undefined ? "the attribute endpoint" : "the property token or the attribute token-url";
			throw new UploadError("invalid-option", `<crescendo-uploader> needs ${missing} before a file is chosen.`);
		}
		const upload = createUpload(source, { ...this.options, endpoint, token, preview: true });
		const before = this.#upload;
		this.#upload = upload;
		before?.abort();
		// What the one before still says is not listened to.
		this.#stopRecording();
		const live = source instanceof MediaStream;
		const name = source instanceof File ? source.name : (this.options.title ?? (live ? "Recording" : "Video"));
		this.#begin(upload, name);
		this.#part('[part~="finish"]').hidden = !live;
		return upload;
	}

	attributeChangedCallback(): void {
		const possible = globalThis.navigator?.mediaDevices !== undefined;
		this.#part('[part~="camera"]').hidden = !this.hasAttribute("camera") || !possible || this.#busy;
	}

	/**
	 * Asks for camera and microphone and uploads what they see and hear until `upload.finish()`.
	 * @throws DOMException where the person or the browser refuses; {@link UploadError} `aborted` where the element is in no page any more
	 */
	async record(): Promise<Upload> {
		const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
		try {
			if (!this.isConnected) {
				throw new UploadError("aborted", "The element was removed before the camera was allowed.");
			}
			const upload = this.start(stream);
			this.#recording = stream;
			return upload;
		} catch (error) {
			stopTracks(stream);
			throw error;
		}
	}

	disconnectedCallback(): void {
		// Moving the element within a page disconnects it for a moment.
		queueMicrotask(() => {
			if (!this.isConnected) {
				this.#upload?.abort();
			}
		});
	}

	#listen(): void {
		const input = this.#part<HTMLInputElement>("input");
		input.addEventListener("change", () => this.#choose(input.files?.[0]));
		this.addEventListener("dragover", (event) => {
			event.preventDefault();
			this.toggleAttribute("over", true);
		});
		this.addEventListener("dragleave", ({ relatedTarget }) => {
			// Going from one child to another is no leaving.
			if (!(relatedTarget instanceof Node && this.contains(relatedTarget))) {
				this.toggleAttribute("over", false);
			}
		});
		this.addEventListener("drop", (event) => {
			event.preventDefault();
			this.toggleAttribute("over", false);
			if (!this.#part('[part="drop"]').hidden) {
				this.#choose(event.dataTransfer?.files[0]);
			}
		});
		this.#part('[part~="pause"]').addEventListener("click", () =>
			this.#upload?.state === "paused" ? this.#upload.resume() : this.#upload?.pause(),
		);
		this.#part('[part~="cancel"]').addEventListener("click", () => this.#upload?.abort());
		this.#part('[part~="finish"]').addEventListener("click", () => this.#upload?.finish());
		this.#part('[part~="camera"]').addEventListener("click", () => {
			this.record().catch((error: unknown) => this.#fail(reasonOf(error)));
		});
		this.#part('[part~="again"]').addEventListener("click", () => this.#reset());
	}

	get #busy(): boolean {
		return !this.#part('[part="work"]').hidden;
	}

	#tokenFromServer(): TokenProvider | undefined {
		const address = this.getAttribute("token-url");
		return address === null
			? undefined
			: async ({ assetId }) => {
					const response = await fetch(new URL(address, this.baseURI), {
						method: "POST",
						headers: { "content-type": "application/json" },
						body: JSON.stringify({ assetId }),
					});
					const body: unknown = response.ok ? await response.json() : undefined;
					if (
						typeof body !== "object" ||
						body === null ||
						!("token" in body) ||
						typeof body.token !== "string"
					) {
						throw new TypeError(`${address} answered ${response.status} and no token.`);
					}
					return body.token;
				};
	}

	#choose(file: File | undefined): void {
		if (file === undefined) {
			return;
		}
		try {
			this.start(file);
		} catch (error) {
			this.#fail(reasonOf(error));
		}
	}

	#begin(upload: Upload, name: string): void {
		this.#part('[part="drop"]').hidden = true;
		this.#part('[part="error"]').hidden = true;
		this.#part('[part="work"]').hidden = false;
		this.attributeChangedCallback();
		this.#part('[part="preview"]').hidden = true;
		this.#part('[part~="watch"]').hidden = true;
		this.#part('[part="title"]').textContent = name;
		this.#part('[part="warnings"]').replaceChildren();
		this.#showState(upload);
		for (const type of PASSED_ON) {
			upload.addEventListener(type, (event) => {
				if (this.#upload === upload) {
					this.dispatchEvent(new CustomEvent(type, { detail: (event as CustomEvent<unknown>).detail }));
				}
			});
		}
		// Another upload may have been started meanwhile: what this one still says is not shown.
		const current = () => this.#upload === upload;
		upload.addEventListener("statechange", () => current() && this.#showState(upload));
		upload.addEventListener("progress", ({ detail }) => current() && this.#showProgress(upload, detail));
		upload.addEventListener("warning", ({ detail }) => {
			// The notice already says what was given up on this machine.
			if (current() && !isAboutEnhancement(detail)) {
				const item = document.createElement("li");
				item.textContent = detail.message;
				this.#part('[part="warnings"]').append(item);
			}
		});
		upload.addEventListener("preview", ({ detail: { enhanced } }) => {
			if (!current()) {
				return;
			}
			const canvas = this.#part<HTMLCanvasElement>("canvas");
			canvas.width = enhanced.displayWidth;
			canvas.height = enhanced.displayHeight;
			canvas.style.setProperty("--ratio", String(canvas.width / canvas.height));
			canvas.getContext("2d")?.drawImage(enhanced, 0, 0);
			canvas.hidden = false;
		});
		upload.addEventListener("playable", ({ detail }) => {
			if (!current()) {
				return;
			}
			const link = this.#part<HTMLAnchorElement>('[part~="watch"]');
			link.href = detail.watchUrl;
			link.hidden = false;
		});
		upload.addEventListener("error", ({ detail }) => {
			if (!current()) {
				return;
			}
			if (detail.code === "aborted") {
				this.#reset();
			} else {
				this.#fail([detail.message, detail.hint].filter(Boolean).join(" "));
			}
		});
	}

	#showState({ state }: Upload): void {
		const over = state === "done" || state === "failed" || state === "aborted";
		this.#part('[part~="pause"]').hidden = over;
		this.#part('[part~="cancel"]').hidden = over;
		if (over || state === "finishing") {
			this.#part('[part~="finish"]').hidden = true;
			this.#stopRecording();
		}
		this.#part('[part~="again"]').hidden = !over;
		this.#part('[part~="pause"]').textContent = state === "paused" ? "Resume" : "Pause";
		const text = WORDS[state];
		if (text !== undefined) {
			this.#part('[part="status"]').textContent = text;
			// Numbers change four times a second, which nobody wants to hear; the states are spoken.
			this.#part(".spoken").textContent = text;
		}
	}

	#stopRecording(): void {
		stopTracks(this.#recording);
		this.#recording = undefined;
	}

	#showProgress(upload: Upload, progress: UploadProgress): void {
		const total = Math.max(1, progress.framesTotal ?? progress.framesEncoded);
		const uploaded = upload.state === "done" ? 1 : Math.min(1, progress.framesUploaded / total);
		const encoded = Math.min(1, progress.framesEncoded / total);
		this.#part('[part="uploaded"]').style.width = `${100 * uploaded}%`;
		this.#part('[part="encoded"]').style.width = `${100 * encoded}%`;
		const track = this.#part('[part="track"]');
		if (progress.framesTotal === undefined) {
			// Of a recording nobody knows how long it will be.
			track.removeAttribute("aria-valuenow");
		} else {
			track.setAttribute("aria-valuenow", String(Math.round(100 * uploaded)));
		}
		const notice = progress.backend?.notice;
		this.#part('[part="notice"]').hidden = notice === undefined;
		this.#part('[part="notice"]').textContent = notice ?? "";
		if (upload.state === "running") {
			this.#part('[part="status"]').textContent = progressInWords(progress);
		} else if (upload.state === "finishing") {
			const waiting = progress.waitingForNetwork ? ", waiting for the network" : "";
			this.#part('[part="status"]').textContent = `${WORDS.finishing}${waiting}`;
		}
	}

	#fail(message: string): void {
		const error = this.#part('[part="error"]');
		error.textContent = message;
		error.hidden = false;
		this.#part('[part="work"]').hidden = true;
		this.#part('[part="drop"]').hidden = false;
		this.#part<HTMLInputElement>("input").value = "";
		this.attributeChangedCallback();
	}

	#reset(): void {
		this.#part('[part="work"]').hidden = true;
		this.#part('[part="drop"]').hidden = false;
		const input = this.#part<HTMLInputElement>("input");
		input.value = "";
		this.attributeChangedCallback();
		input.focus();
	}

	/** An element of the template, which always has it. */
	#part<T extends HTMLElement = HTMLElement>(selector: string): T {
		const found = this.#root.querySelector<T>(selector);
		if (found === null) {
			throw new Error(`The uploader's template has no ${selector}.`);
		}
		return found;
	}
}

/** States that are told as such; of the others the numbers or the error say more. */
const WORDS: Partial<Readonly<Record<UploadState, string>>> = {
	preparing: "Opening the video",
	running: "Uploading",
	paused: "Paused",
	finishing: "Sending the last parts",
	done: "Uploaded",
};

const stopTracks = (stream: MediaStream | undefined): void => {
	for (const track of stream?.getTracks() ?? []) {
		track.stop();
	}
};

const reasonOf = (error: unknown): string =>
	error instanceof DOMException && error.name === "NotAllowedError"
		? "Camera and microphone are not allowed here."
		: error instanceof Error
			? error.message
			: String(error);

/** Registers the element under its name, once; nothing where there is no DOM. */
export const defineUploader = (): void => {
	if (globalThis.customElements !== undefined && customElements.get("crescendo-uploader") === undefined) {
		customElements.define("crescendo-uploader", CrescendoUploaderElement);
	}
};
