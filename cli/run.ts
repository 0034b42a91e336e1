import { CodecError, type CodecErrorCode } from "../codec/errors.ts";
import { type Command, EXIT, type Io, UsageError } from "./command.ts";
import { decode } from "./decode.ts";
import { EdgeError } from "./edge-client.ts";
import { encode } from "./encode.ts";
import { inspect } from "./inspect.ts";
import { upload } from "./upload.ts";
import { verify } from "./verify.ts";

const COMMANDS: readonly Command[] = [encode, decode, inspect, verify, upload];

const HELP = `crescendo: video that starts at once and grows to full quality

Usage: crescendo COMMAND [ARGUMENTS]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join("\n")}

crescendo COMMAND --help tells more. Exit status: 0 done, 1 failed, 2 bad input, 130 interrupted.
`;

/** Errors that are nobody's input: the machine's, or a device that is not exact. */
const NOT_INPUT: ReadonlySet<CodecErrorCode> = new Set([
	"backend-unavailable",
	"backend-failed",
	"picture-mismatch",
	"model-invalid",
]);

/** Errors of the file system that say that a path is wrong. */
const PATH_ERRORS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file",
	EISDIR: "this is a folder",
	ENOTDIR: "a part of the path is no folder",
	EACCES: "permission denied",
	EPERM: "permission denied",
	EROFS: "the file system is read-only",
};

/**
 * Runs a command line.
 * @param args without the interpreter and the script.
 * @returns the exit status; every expected failure is one line on standard error.
 */
export const run = async (args: readonly string[], io: Io): Promise<number> => {
	const [name, ...rest] = args;
	if (name === undefined || name === "--help" || name === "-h" || name === "help") {
		const text = COMMANDS.find((command) => command.name === rest[0])?.help ?? HELP;
		if (name === undefined) io.stderr(text);
		else await io.stdout(text);
		return name === undefined ? EXIT.badInput : EXIT.ok;
	}
	const command = COMMANDS.find((candidate) => candidate.name === name);
	if (command === undefined) {
		io.stderr(`crescendo: "${name}" is no command; try crescendo --help\n`);
		return EXIT.badInput;
	}
	if (rest.includes("--help") || rest.includes("-h")) {
		await io.stdout(command.help);
		return EXIT.ok;
	}
	try {
		return await command.run(rest, io);
	} catch (error) {
		if (io.signal.aborted) {
			io.stderr(`crescendo ${name}: interrupted\n`);
			return EXIT.interrupted;
		}
		const { line, status } = describe(error);
		io.stderr(`crescendo ${name}: ${line}\n`);
		return status;
	}
};

const describe = (error: unknown): { readonly line: string; readonly status: number } => {
	if (error instanceof UsageError) return { line: `${error.message}; try --help`, status: EXIT.badInput };
	if (error instanceof CodecError) {
		const text = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
		return { line: oneLine(text), status: NOT_INPUT.has(error.code) ? EXIT.failed : EXIT.badInput };
	}
	if (error instanceof EdgeError) {
		return { line: oneLine(error.message), status: error.refused ? EXIT.badInput : EXIT.failed };
	}
	if (error instanceof Error && "code" in error && "path" in error && typeof error.code === "string") {
		const reason = PATH_ERRORS[error.code];
		if (reason !== undefined) return { line: `${String(error.path)}: ${reason}`, status: EXIT.badInput };
		return { line: oneLine(error.message), status: EXIT.failed };
	}
	// A fault of this program: the stack helps whoever mends it.
	return { line: error instanceof Error ? (error.stack ?? error.message) : String(error), status: EXIT.failed };
};

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ");
