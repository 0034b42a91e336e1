import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unstable_readConfig as readConfig } from "wrangler";
import { deploy, type Deployment, type DeploymentConfig, rehearse, type Wrangler } from "./deployment.ts";
import { runCommand } from "./run-edge.ts";
import { NEURAL_LIST } from "./seed-neural.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const built: Deployment = { neuralList: NEURAL_LIST, root };

/** Runs wrangler. Answers what it printed, where that is not shown as it comes. */
async function runWrangler(parameters: readonly string[], output: "inherit" | "pipe"): Promise<string> {
	const command = join(root, "node_modules/wrangler/bin/wrangler.js");
	const stdio = ["inherit", output, "inherit"] as const;
	const child = spawn(process.execPath, [command, ...parameters], { cwd: root, stdio: [...stdio] });
	const { promise, resolve, reject } = Promise.withResolvers<number | null>();
	child.once("error", reject);
	child.once("exit", resolve);
	const printed = child.stdout === null ? "" : await text(child.stdout);
	if ((await promise) !== 0) throw new Error(`wrangler ${parameters.join(" ")} failed; its message is above`);
	return printed;
}

/** What is read of wrangler.toml. */
type WranglerConfig = {
	readonly d1_databases: readonly { readonly binding: string; readonly database_id?: string }[];
	readonly vars: Readonly<Record<string, unknown>>;
};

const wrangler: Wrangler = {
	run: async (parameters) => void (await runWrangler(parameters, "inherit")),
	ask: (parameters) => runWrangler(parameters, "pipe"),
};

/** `npm run deploy`, after the build; with `-- --dry-run` nothing leaves this machine. */
await runCommand(async () => {
	const [option, ...more] = process.argv.slice(2);
	if (more.length > 0 || (option !== undefined && option !== "--dry-run")) {
		throw new Error("npm run deploy takes nothing but `-- --dry-run`");
	}
	if (option === "--dry-run") return console.log(await rehearse(wrangler, built));
	const { d1_databases: databases, vars }: WranglerConfig = readConfig({ config: join(root, "wrangler.toml") });
	const config: DeploymentConfig = {
		databases: databases.map(({ binding, database_id: id }) => ({ binding, id })),
		variables: vars,
	};
	await deploy(wrangler, config, built);
});
