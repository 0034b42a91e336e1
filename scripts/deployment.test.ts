import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { deploy, type Deployment, type DeploymentConfig, rehearse, type Wrangler } from "./deployment.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

let folder: string;
/** A build of two files for the bucket. */
let built: Deployment;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "crescendo-deploy-"));
	const files = ["base.onnx", "tables.json"];
	for (const file of files) await writeFile(join(folder, file), new Uint8Array(500_000));
	const neuralList = join(folder, "list.json");
	await writeFile(neuralList, JSON.stringify(files.map((file) => ({ key: `neural/${file}`, file }))));
	built = { neuralList, root: folder };
});
afterAll(() => rm(folder, { recursive: true }));

/** What is read of wrangler.toml. */
type WranglerConfig = {
	readonly durable_objects: { readonly bindings: readonly { readonly class_name: string }[] };
	readonly migrations: readonly { readonly new_sqlite_classes?: readonly string[] }[];
	readonly observability: object;
};

const made: DeploymentConfig = {
	databases: [{ binding: "CATALOGUE", id: "1b2c3d4e-0000-4000-8000-123456789abc" }],
	variables: {},
};

/** A wrangler that only writes down what it was asked, and fails at one of the steps. */
const fakeWrangler = (secrets: readonly string[], failing?: string) => {
	const steps: string[] = [];
	const run = async (parameters: readonly string[]) => {
		const step = parameters.join(" ");
		steps.push(step);
		if (failing !== undefined && step.startsWith(failing)) throw new Error(`wrangler ${step} failed`);
	};
	const ask = async (parameters: readonly string[]) => {
		await run(parameters);
		return JSON.stringify(secrets.map((name) => ({ name, type: "secret_text" })));
	};
	return { steps, run, ask } satisfies Wrangler & { steps: string[] };
};

describe("a deployment", () => {
	it("brings the schema, then what pages load, then the pages", async () => {
		const wrangler = fakeWrangler(["CRESCENDO_API_KEY"]);
		await deploy(wrangler, made, built);
		expect(wrangler.steps).toEqual([
			"secret list --format json",
			"d1 migrations apply CATALOGUE --remote",
			`r2 bulk put crescendo-media --filename ${built.neuralList} --force --remote`,
			"deploy",
		]);
	});

	it.each(["secret", "d1", "r2", "deploy"])("ends where %s fails", async (failing) => {
		const wrangler = fakeWrangler(["CRESCENDO_API_KEY"], failing);
		await expect(deploy(wrangler, made, built)).rejects.toThrow("failed");
		expect(wrangler.steps.at(-1)).toMatch(new RegExp(`^${failing}`));
	});

	it.each([undefined, "", "00000000-0000-0000-0000-000000000000"])(
		"asks for a database in the place of %s, before anything is done",
		async (id) => {
			const wrangler = fakeWrangler(["CRESCENDO_API_KEY"]);
			const unmade = { ...made, databases: [{ binding: "CATALOGUE", id }] };
			await expect(deploy(wrangler, unmade, built)).rejects.toThrow("wrangler d1 create");
			expect(wrangler.steps).toEqual([]);
		},
	);

	it("asks for a key, and takes no development setting to the public", async () => {
		const without = fakeWrangler(["CRESCENDO_SIGNING_KEYS"]);
		await expect(deploy(without, made, built)).rejects.toThrow("wrangler secret put CRESCENDO_API_KEY");
		const open = fakeWrangler(["CRESCENDO_API_KEY"]);
		await expect(deploy(open, { ...made, variables: { CRESCENDO_STUDIO: "1" } }, built)).rejects.toThrow(
			"development",
		);
		expect([without.steps, open.steps]).toEqual([["secret list --format json"], ["secret list --format json"]]);
	});

	it.each(['{"assetSecond":3600}', "{", { assetSeconds: 3600 }])(
		"takes no limits to the public that the Worker cannot read: %j",
		async (limits) => {
			const wrangler = fakeWrangler(["CRESCENDO_API_KEY"]);
			const mistyped = { ...made, variables: { CRESCENDO_LIMITS: limits } };
			await expect(deploy(wrangler, mistyped, built)).rejects.toThrow("CRESCENDO_LIMITS in wrangler.toml");
			expect(wrangler.steps).toEqual([]);
			await deploy(wrangler, { ...made, variables: { CRESCENDO_LIMITS: '{"assetSeconds":3600}' } }, built);
			expect(wrangler.steps.at(-1)).toBe("deploy");
		},
	);

	it("wants all that purges need, or nothing", async () => {
		const zone = { CRESCENDO_PURGE_ZONES: "0123456789abcdef0123456789abcdef" };
		const attempt = (secrets: readonly string[], variables: Record<string, string>) =>
			deploy(fakeWrangler(["CRESCENDO_API_KEY", ...secrets]), { ...made, variables }, built);
		await expect(attempt([], zone)).rejects.toThrow("without the secret CRESCENDO_PURGE_TOKEN");
		await expect(attempt(["CRESCENDO_PURGE_TOKEN"], {})).rejects.toThrow("without CRESCENDO_PURGE_ZONES");
		await expect(attempt([], { ...zone, CRESCENDO_PURGE_TOKEN: "t" })).rejects.toThrow("wrangler secret put");
		await attempt(["CRESCENDO_PURGE_TOKEN"], zone);
		await attempt(["CRESCENDO_PURGE_TOKEN", "CRESCENDO_PURGE_ZONES"], {});
	});

	it("can be rehearsed without an account", async () => {
		const wrangler = fakeWrangler([]);
		expect(await rehearse(wrangler, built)).toBe("2 files of models (1.0 MB) would be put into the bucket first");
		expect(wrangler.steps).toEqual(["deploy --dry-run"]);
	});

	it("needs a whole build", async () => {
		const wrangler = fakeWrangler(["CRESCENDO_API_KEY"]);
		const unbuilt = { ...built, neuralList: join(folder, "none.json") };
		await expect(deploy(wrangler, made, unbuilt)).rejects.toThrow("npm run build");
		await expect(rehearse(wrangler, { ...built, root: join(folder, "elsewhere") })).rejects.toThrow("ENOENT");
		expect(wrangler.steps).toEqual([]);
	});
});

describe("what wrangler makes of wrangler.toml", () => {
	it("is a Worker far below the platform's limit, with every binding that the code names", async () => {
		const command = join(root, "node_modules/wrangler/bin/wrangler.js");
		const assets = await mkdtemp(join(folder, "site-"));
		const { stdout } = await promisify(execFile)(
			process.execPath,
			[command, "deploy", "--dry-run", "--outdir", folder, "--assets", assets],
			{ cwd: root, env: { ...process.env, NO_COLOR: "1", CI: "1", WRANGLER_SEND_METRICS: "false" } },
		);
		const environment = await readFile(join(root, "edge/environment.ts"), "utf8");
		const bindings = [...environment.matchAll(/readonly ([A-Z_]+): /g)].map(([, name]) => name);
		expect(bindings).toContain("PAGES");
		for (const name of bindings) expect(stdout).toContain(`env.${name}`);
		// 3 MiB on the free plan.
		expect(gzipSync(await readFile(join(folder, "worker.js"))).length).toBeLessThan(2 ** 20);
	});

	it("is documented: every binding, variable, class and migration", async () => {
		const [environment, guide, toml] = await Promise.all(
			["edge/environment.ts", "docs/deploy.md", "wrangler.toml"].map((path) =>
				readFile(join(root, path), "utf8"),
			),
		);
		for (const [, name = "", optional] of environment?.matchAll(/readonly ([A-Z_]+)(\??): /g) ?? []) {
			expect(guide).toContain(`\`${name}\``);
			expect(toml).toMatch(new RegExp(optional === "?" ? `^#\\s+${name}\\s` : `"${name}"`, "m"));
		}
		const config: WranglerConfig = readConfig({ config: join(root, "wrangler.toml") });
		const classes = config.durable_objects.bindings.map((binding) => binding.class_name);
		const migrated = config.migrations.flatMap((migration) => migration.new_sqlite_classes ?? []);
		expect(migrated.toSorted()).toEqual(classes.toSorted());
		for (const name of classes) expect(guide).toContain(`\`${name}\``);
	});

	it("keeps the Worker's own lines, and no record of every request: playback tokens stand in addresses", () => {
		const config: WranglerConfig = readConfig({ config: join(root, "wrangler.toml") });
		expect(config.observability).toEqual({ logs: { enabled: true, invocation_logs: false } });
	});
});
