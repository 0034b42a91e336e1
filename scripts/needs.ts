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
	{ name: "ffmpeg", packages: ["ffmpeg"], isThere: () => works("ffmpeg", "-version") },
	{
		name: "Python 3 with PyTorch, NumPy and onnx",
		packages: ["python3", "python3-torch", "python3-numpy", "python3-onnx"],
		isThere: async () => (await findPython()) !== undefined,
	},
];

/** A Python with PyTorch. Debian's packages belong to Debian's Python, which need not be the first on the PATH. */
export async function findPython(): Promise<string | undefined> {
	for (const python of ["python3", "/usr/bin/python3"]) {
		if (await works(python, "-c", "import torch, numpy, onnx")) return python;
	}
	return undefined;
}

/**
 * Installs with apt-get what the tests need and the system lacks, where this user may.
 * @throws Error where something is missing and cannot be installed; it says what to install
 */
export async function installNeeds(): Promise<void> {
	const missing = await missingNeeds();
	if (missing.length === 0) return;
	const packages = missing.flatMap((need) => need.packages);
	if (process.getuid?.() === 0 && (await works("apt-get", "--version"))) {
		console.log(`installing ${packages.join(" ")}`);
		const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
		await run("apt-get", ["update"], { env: environment });
		await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], {
			env: environment,
			maxBuffer: 64 * 2 ** 20,
		});
	}
	const left = await missingNeeds();
	if (left.length === 0) return;
	throw new Error(
		`The tests need ${left.map((need) => need.name).join(", ")}. ` +
			`On Debian or Ubuntu: apt-get install ${left.flatMap((need) => need.packages).join(" ")}`,
	);
}

async function missingNeeds(): Promise<Need[]> {
	const missing: Need[] = [];
	for (const need of NEEDS) if (!(await need.isThere())) missing.push(need);
	return missing;
}
