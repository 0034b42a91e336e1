// `npm start`, first step. It runs on any Node from 20 on, before anything is installed: it installs the dependencies
// where they are missing or other than in the lock file, then goes on with a Node that the tools accept.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** wrangler and vitest need it; it also runs TypeScript as it is. */
const OLDEST = [22, 18];

const packagesIn = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).packages;

/** npm writes down what it has installed: all of the lock file, without what is optional and for another platform. */
function isInstalled() {
	if (!existsSync(join(root, "node_modules/.package-lock.json"))) return false;
	let installed;
	try {
		installed = packagesIn("node_modules/.package-lock.json");
	} catch {
		// npm was killed while it wrote that down.
		return false;
	}
	return Object.entries(packagesIn("package-lock.json")).every(([path, { version, optional }]) => {
		return path === "" || installed[path]?.version === version || (optional === true && !(path in installed));
	});
}

function install() {
	console.log("installing dependencies");
	const { status } = spawnSync("npm", ["ci", "--loglevel=error"], {
		cwd: root,
		stdio: "inherit",
		shell: process.platform === "win32",
	});
	if (status !== 0) fail("npm ci failed; its message is above");
}

/** This Node where it is new enough, else the one among the dependencies. */
function findNode() {
	const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
	if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
	const bundled = join(root, "node_modules/.bin/node");
	if (existsSync(bundled)) return bundled;
	fail(`Node ${process.versions.node} is too old for the tools; install Node ${OLDEST.join(".")} or newer`);
}

function fail(message) {
	console.error(message);
	process.exit(1);
}

// npm does not hand every signal on: where it has gone, this goes too, and the child sees that.
const parent = process.ppid;
if (!isInstalled()) install();
const script = process.argv[2] ?? "start.ts";
const child = spawn(findNode(), [join(root, "scripts", script), ...process.argv.slice(3)], {
	cwd: root,
	stdio: "inherit",
	env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH ?? ""}` },
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
setInterval(() => {
	if (process.ppid !== parent) child.kill("SIGTERM");
}, 500).unref();
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
