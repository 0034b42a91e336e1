import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const PLACES = [
	"/usr/bin/chromium",
	"/usr/bin/google-chrome",
	"/opt/google/chrome/chrome",
	"/snap/bin/chromium",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
	"C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

const FLAGS = [
	"--no-sandbox",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--autoplay-policy=no-user-gesture-required",
];
/** WebGPU without a GPU: right answers, very slow, so tiny pictures only. */
const SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** How to start the browser. */
export interface BrowserOptions {
	/** Offer WebGPU through the software adapter. Default: false, as on a machine without a GPU. */
	readonly webgpu?: boolean;
	/** More command line flags. */
	readonly flags?: readonly string[];
}

/**
 * Where Chromium or Chrome is: `CHROME_PATH`, then the PATH, then the usual places.
 * @throws Error when there is none; it says what to install.
 */
export async function findBrowser(): Promise<string> {
	const onPath = (process.env["PATH"] ?? "")
		.split(delimiter)
		.flatMap((folder) => NAMES.map((name) => join(folder, name)));
	const given = process.env["CHROME_PATH"];
	for (const path of given === undefined ? [...onPath, ...PLACES] : [given]) {
		const usable = await access(path, constants.X_OK).then(
			() => true,
			() => false,
		);
		if (usable) return path;
	}
	throw new Error("no Chromium or Chrome found; install one (Debian: apt-get install chromium) or set CHROME_PATH");
}

/** Starts a headless browser; the caller closes it. */
export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
	return chromium.launch({
		executablePath: await findBrowser(),
		headless: true,
		args: [...FLAGS, ...(options.webgpu === true ? SOFTWARE_WEBGPU : []), ...(options.flags ?? [])],
	});
}
