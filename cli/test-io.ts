import { run } from "./run.ts";

/** What a run of the tool left behind. */
export type Outcome = {
	readonly status: number;
	readonly out: string;
	readonly err: string;
	readonly bytes: Uint8Array;
};

/** For tests: runs a command line in this process. */
export const crescendo = async (args: readonly string[], signal = new AbortController().signal): Promise<Outcome> => {
	const out: Uint8Array[] = [];
	let err = "";
	const status = await run(args, {
		stdout: async (data) => void out.push(typeof data === "string" ? new TextEncoder().encode(data) : data.slice()),
		stderr: (text) => (err += text),
		interactive: false,
		signal,
	});
	const bytes = new Uint8Array(await new Blob(out as Uint8Array<ArrayBuffer>[]).arrayBuffer());
	return { status, out: new TextDecoder().decode(bytes), err, bytes };
};
