import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What this test reads of an entry of the lock file. */
interface Entry {
	readonly version?: string;
	readonly integrity?: string;
	readonly resolved?: string;
	readonly link?: boolean;
	readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
	packages: Readonly<Record<string, Entry>>;
};
const installed = Object.entries(packages).filter(([path]) => path.includes("node_modules/"));

describe("the lock file", () => {
	it("has a check sum for every package, of every platform", () => {
		expect(installed.length).toBeGreaterThan(100);
		const without = installed.filter(
			([, { link, integrity }]) => link !== true && integrity?.startsWith("sha512-") !== true,
		);
		expect(without.map(([path]) => path)).toEqual([]);
	});

	it("names no address: whoever installs has a registry of their own", () => {
		// A workspace is a link; where it leads is a folder of this repository.
		const addresses = Object.values(packages).map(({ resolved }) => resolved ?? "scripts/node");
		expect(new Set(addresses)).toEqual(new Set(["scripts/node"]));
	});

	it("leaves out no platform that a package offers", () => {
		const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
			Object.keys(optionalDependencies).map((name) => [path, name] as const),
		);
		expect(wanted.length).toBeGreaterThan(50);
		const absent = wanted.filter(
			([path, name]) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
		);
		expect(absent).toEqual([]);
	});
});
