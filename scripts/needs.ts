import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findBrowser } from "../test/e2e/browser.ts";

const run = promisify(execFile);

/** Something that the tests need from the system. */
interface Need {
	readonly name: string;
	/** Debian's packages that bring it. */
	readonly packages: readonly string[];
	readonly isThere: () => Promise<boolean>;
}

const works = (command: string, ...parameters: string[]): Promise<boolean> =>
	run(command, parameters).then(
		() => true,
		() => false,
	);

const NEEDS: readonly Need[] = [
	{
		name: "Chromium or Chrome",
		packages: ["chromium"],
		isThere: () =>
			findBrowser().then(
				() => true,
				() => false,
			),
	},
	{ name: "ps", packages: ["procps"], isThere: () => works("ps", "-e") },
	{ name: "ffmpeg", packages: ["ffmpeg"], isThere: () => works("ffmpeg", "-version") },
	{
		name: "Python 3 with PyTorch, NumPy, onnx and OpenCV",
		packages: ["python3", "python3-torch", "python3-numpy", "python3-onnx", "python3-opencv"],
		isThere: async () => (await findPython()) !== undefined,
	},
];

/** A Python with PyTorch. Debian's packages belong to Debian's Python, which need not be the first on the PATH. */
export async function findPython(): Promise<string | undefined> {
	for (const python of ["python3", "/usr/bin/python3"]) {
		if (await works(python, "-c", "import torch, numpy, onnx, cv2")) return python;
	}
	return undefined;
}

/**
 * Installs with apt-get what the tests need and the system lacks, where this user may: as root, or by sudo without a password.
 * @throws Error where something is missing and cannot be installed; it says what to install
 */
export async function installNeeds(): Promise<void> {
	const missing = await missingNeeds();
	if (missing.length === 0) return;
	const failure = await installPackages(missing.flatMap((need) => need.packages));
	const left = await missingNeeds();
	if (left.length === 0) return;
	throw new Error(
		`The tests need ${left.map((need) => need.name).join(", ")}. ` +
			`On Debian or Ubuntu: apt-get install ${left.flatMap((need) => need.packages).join(" ")}` +
			(failure === undefined ? "" : `\n${failure.message}`),
		{ cause: failure },
	);
}

/** @returns why it failed; undefined where it did not, or where this user may not install anything */
async function installPackages(packages: readonly string[]): Promise<Error | undefined> {
	if (!(await works("apt-get", "--version"))) return undefined;
	const isRoot = process.getuid?.() === 0;
	if (!isRoot && !(await works("sudo", "-n", "true"))) return undefined;
	console.log(`installing ${packages.join(" ")}`);
	const apt = (...parameters: string[]): Promise<unknown> => {
		const [command, ...rest] = [
			...(isRoot ? [] : ["sudo", "-n"]),
			...["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...parameters],
		];
		return run(command ?? "apt-get", rest, { maxBuffer: 64 * 2 ** 20 });
	};
	try {
		await apt("update");
		await apt("install", "-y", "--no-install-recommends", ...packages);
		return undefined;
	} catch (error) {
		return error instanceof Error ? error : new Error(String(error));
	}
}

async function missingNeeds(): Promise<Need[]> {
	const missing: Need[] = [];
	for (const need of NEEDS) if (!(await need.isThere())) missing.push(need);
	return missing;
}
