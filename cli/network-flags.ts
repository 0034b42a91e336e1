import type { ExecutorOptions } from "../codec/model/create-executor.ts";
import { type Flags, parseChoice, parseInteger, UsageError } from "./command.ts";

/** Flags of every command that runs the networks. */
export const NETWORK_FLAGS = {
	backend: { type: "string" },
	threads: { type: "string" },
	model: { type: "string" },
} as const;

/** What `--help` says of them. @param model what is there without `--model` */
export const networkHelp = (model: string): string => `\
  --backend native|wasm where the networks run (default: native, else wasm)
  --threads N           threads of the native backend (wasm has one)
  --model FOLDER        ${model}
`;

/** Where the networks run, and which. */
export type Networks = {
	readonly executor: ExecutorOptions;
	/** Folder of the model, unless it is one of the package's. */
	readonly model: string | undefined;
};

/** @throws UsageError */
export const readNetworks = (flags: Flags<typeof NETWORK_FLAGS>): Networks => {
	const threads = parseInteger(flags.threads, "--threads", { min: 1, max: 256 });
	if (flags.backend === "wasm" && threads !== undefined && threads > 1) {
		throw new UsageError("--backend wasm computes on one thread: leave --threads out");
	}
	return {
		executor: {
			...(flags.backend !== undefined && {
				prefer: [parseChoice(flags.backend, "--backend", ["native", "wasm"])],
			}),
			...(threads !== undefined && { threads }),
		},
		model: flags.model,
	};
};
