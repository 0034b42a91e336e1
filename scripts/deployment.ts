import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { purgeAccess } from "../edge/http/purge.ts";
import { readLimits } from "../edge/limits.ts";
import { putNeural, type RunWrangler } from "./seed-neural.ts";

/** What wrangler is asked to do. */
export interface Wrangler {
	/** Runs it in front of whoever deploys, who may have to log in or say yes; rejects where it fails. */
	readonly run: RunWrangler;
	/** Runs it and answers what it printed; rejects where it fails. */
	readonly ask: (parameters: readonly string[]) => Promise<string>;
}

/** What is deployed. */
export interface Deployment {
	/** Where the build lists the models' objects; their files are relative to `root`. */
	readonly neuralList: string;
	readonly root: string;
}

/** The parts of wrangler.toml that a deployment can get wrong. */
export interface DeploymentConfig {
	readonly databases: readonly { readonly binding: string; readonly id: string | undefined }[];
	/** Variables that stand in the file itself. */
	readonly variables: Readonly<Record<string, unknown>>;
}

/** The id in wrangler.toml of a database that nobody has made yet. */
const NO_DATABASE = /^[0-]*$/;

/**
 * Deploys what is built. What would fail, or be open, only when somebody comes is looked at first. Then, in this order, so that whoever
 * plays meanwhile notices nothing: migrations, which only add, so that the Worker before them runs on; models, under names
 * that no page knows yet; the Worker and the pages that know them. Every step may be repeated: a deployment that was cut off
 * is done again.
 * @throws Error with one sentence that says what to do
 */
export async function deploy(wrangler: Wrangler, config: DeploymentConfig, built: Deployment): Promise<void> {
	await measure(built);
	requireDatabases(config);
	requireLimits(config);
	const secrets = readNames(await wrangler.ask(["secret", "list", "--format", "json"]));
	requireSecrets([...secrets, ...Object.keys(config.variables)]);
	requirePurge(secrets, config);
	for (const { binding } of config.databases) await wrangler.run(["d1", "migrations", "apply", binding, "--remote"]);
	await putNeural(wrangler.run, built.neuralList, ["--remote"]);
	await wrangler.run(["deploy"]);
}

/** Does all of a deployment that needs no account: the Worker is put together, nothing leaves this machine. Answers what would. */
export async function rehearse(wrangler: Wrangler, built: Deployment): Promise<string> {
	const { count, bytes } = await measure(built);
	await wrangler.run(["deploy", "--dry-run"]);
	return `${count} files of models (${(bytes / 1e6).toFixed(1)} MB) would be put into the bucket first`;
}

/** What the build has made for the bucket; fails where one of the files it lists is not there. */
async function measure({ neuralList, root }: Deployment): Promise<{ count: number; bytes: number }> {
	const text = await readFile(neuralList, "utf8").catch((cause: unknown) => {
		throw new Error("nothing is built: run `npm run build`", { cause });
	});
	const list = JSON.parse(text) as readonly { readonly file: string }[];
	const sizes = await Promise.all(list.map(async ({ file }) => (await stat(resolve(root, file))).size));
	return { count: list.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function requireDatabases({ databases }: DeploymentConfig): void {
	for (const { binding, id } of databases) {
		if (id === undefined || NO_DATABASE.test(id)) {
			throw new Error(
				`${binding} has no database yet: run \`npx wrangler d1 create crescendo-catalogue\` and put the id it prints into wrangler.toml`,
			);
		}
	}
}

function requireLimits({ variables: { CRESCENDO_LIMITS } }: DeploymentConfig): void {
	if (CRESCENDO_LIMITS === undefined) return;
	try {
		// In wrangler.toml it is a text; a table would reach the Worker as an object.
		if (typeof CRESCENDO_LIMITS !== "string") throw new TypeError("it is no text");
		readLimits(CRESCENDO_LIMITS);
	} catch (cause) {
		throw new Error(`nobody could upload with this CRESCENDO_LIMITS in wrangler.toml: ${String(cause)}`, { cause });
	}
}

function requireSecrets(names: readonly string[]): void {
	if (!names.includes("CRESCENDO_API_KEY")) {
		throw new Error("nobody could upload: run `npx wrangler secret put CRESCENDO_API_KEY` first");
	}
	if (names.includes("CRESCENDO_STUDIO")) {
		throw new Error("CRESCENDO_STUDIO lets everybody upload and is for development: take it out");
	}
}

/** A deletion whose purge cannot be asked for would never be done. */
function requirePurge(secrets: readonly string[], { variables }: DeploymentConfig): void {
	const { CRESCENDO_PURGE_ZONES: zones, CRESCENDO_PURGE_TOKEN: token } = variables;
	if (token !== undefined) {
		throw new Error(
			"CRESCENDO_PURGE_TOKEN is a secret: take it out of wrangler.toml and run `npx wrangler secret put CRESCENDO_PURGE_TOKEN`",
		);
	}
	const isSecret = (name: string) => secrets.includes(name);
	// The ids of zones are no secret, but may be kept as one; then only the Worker can look at them: /ready says.
	if (isSecret("CRESCENDO_PURGE_ZONES") && isSecret("CRESCENDO_PURGE_TOKEN")) return;
	purgeAccess({
		...(zones !== undefined && { CRESCENDO_PURGE_ZONES: String(zones) }),
		...(isSecret("CRESCENDO_PURGE_TOKEN") && { CRESCENDO_PURGE_TOKEN: "kept as a secret" }),
	});
}

const readNames = (json: string): string[] => (JSON.parse(json) as { readonly name: string }[]).map(({ name }) => name);
