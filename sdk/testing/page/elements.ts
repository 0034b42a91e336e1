import { UploadError } from "../../errors.ts";
import { CrescendoUploaderElement, defineUploader } from "../../index.ts";

/** Uploads through `<crescendo-uploader>`, as a person who chooses a file would. The page sets it up before its script has defined it. */
export const uploadByElement = async (
	address: string,
): Promise<{ readonly watch: string; readonly status: string; readonly events: string[] }> => {
	const element = document.createElement("crescendo-uploader") as CrescendoUploaderElement;
	element.endpoint = "/";
	element.token = "good";
	element.options = { backend: "none", title: "A holiday" };
	document.body.append(element);
	defineUploader();
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
	if (element.options.title !== "A holiday" || element.getAttribute("endpoint") !== "/") {
		throw new Error("what was set before the element was defined is lost");
	}
	return { watch, status: `${text('[part="title"]')}: ${text('[part="status"]')}`, events };
};

/** Records some seconds of the camera through `<crescendo-uploader camera>`, by clicks alone. */
export const recordByElement = async (seconds: number): Promise<string[]> => {
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

/** Which cameras are still on, in the order in which `<crescendo-uploader>` got them. */
export type Cameras = { readonly on: readonly boolean[]; readonly refused: string | undefined };

/**
 * Clicks on the camera twice, chooses a file while it films, and takes the element out of the page while the person is asked.
 * @returns what is on after each, and what the last one was answered
 */
export const camerasOfElement = async (): Promise<readonly Cameras[]> => {
	defineUploader();
	const { mediaDevices } = navigator;
	const cameras: MediaStream[] = [];
	let asked = Promise.withResolvers<void>();
	mediaDevices.getUserMedia = async () => {
		await asked.promise;
		const camera = document.createElement("canvas").captureStream();
		cameras.push(camera);
		return camera;
	};
	const look = (refused?: string): Cameras => ({
		on: cameras.map((camera) => camera.getTracks().some(({ readyState }) => readyState === "live")),
		refused,
	});
	const element = document.createElement("crescendo-uploader") as CrescendoUploaderElement;
	element.endpoint = "/";
	element.token = "good";
	element.options = { backend: "none" };
	document.body.append(element);
	try {
		const seen: Cameras[] = [];
		asked.resolve();
		await Promise.all([element.record(), element.record()]);
		seen.push(look());
		element.start(new File([], "empty.mp4")).abort();
		seen.push(look());
		asked = Promise.withResolvers<void>();
		const late = element.record();
		element.remove();
		asked.resolve();
		const refused = await late.then(
			() => undefined,
			(error: unknown) => (error instanceof UploadError ? error.code : String(error)),
		);
		seen.push(look(refused));
		return seen;
	} finally {
		element.upload?.abort();
		// The browser's own one is inherited.
		Reflect.deleteProperty(mediaDevices, "getUserMedia");
	}
};
