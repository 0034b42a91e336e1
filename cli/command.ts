import { parseArgs } from "node:util";

/** Where a command reads and writes; the shell's streams, or a test's. */
export type Io = {
	/** Results. */
	readonly stdout: (data: string | Uint8Array) => Promise<void>;
	/** Progress and errors. */
	readonly stderr: (text: string) => void;
	/** Standard error is a terminal: progress rewrites its line. */
	readonly interactive: boolean;
	/** Ctrl-C. */
	readonly signal: AbortSignal;
};

/** Status of a process. */
export const EXIT = { ok: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** One command of the tool. */
export type Command = {
	readonly name: string;
	/** One line for the list of commands. */
	readonly summary: string;
	/** All of `--help`. */
	readonly help: string;
	/** @returns the exit status. @throws UsageError, CodecError */
	readonly run: (args: readonly string[], io: Io) => Promise<number>;
};

/** A command line that cannot be: shown as one line, exit status 2. */
export class UsageError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "UsageError";
	}
}

/** Flags that a command takes: with a value, or without. */
export type FlagTypes = Readonly<Record<string, { readonly type: "string" | "boolean"; readonly short?: string }>>;

/** Values by flag. */
export type Flags<T extends FlagTypes> = {
	readonly [Name in keyof T]?: T[Name]["type"] extends "boolean" ? boolean : string;
};

/**
 * Takes a command line apart. @param positionals what each is called, for messages; all must be there.
 * @throws UsageError for unknown flags, flags twice, values missing, too many or too few positionals.
 */
export const parseFlags = <T extends FlagTypes>(
	args: readonly string[],
	types: T,
	positionals: readonly string[],
): { readonly flags: Flags<T>; readonly values: readonly string[] } => {
	const parsed = parse(args, types);
	const seen = new Set<string>();
	for (const token of parsed.tokens) {
		if (token.kind !== "option") continue;
		if (seen.has(token.name)) throw new UsageError(`${token.rawName} is given twice`);
		seen.add(token.name);
	}
	const missing = positionals[parsed.positionals.length];
	if (missing !== undefined) throw new UsageError(`${missing} is missing`);
	const surplus = parsed.positionals[positionals.length];
	if (surplus !== undefined) throw new UsageError(`"${surplus}" is one argument too many`);
	return { flags: parsed.values as Flags<T>, values: parsed.positionals };
};

const parse = (args: readonly string[], options: FlagTypes) => {
	try {
		return parseArgs({ args: [...args], options, strict: true, allowPositionals: true, tokens: true });
	} catch (error) {
		// Node's messages go on after the first sentence with advice that does not fit here.
		const message = error instanceof Error ? error.message : String(error);
		throw new UsageError(message.split(/\. (?=[A-Z])|\n/)[0] ?? message);
	}
};

/** A flag's value that must be there. @throws UsageError */
export const requireFlag = (value: string | undefined, flag: string): string => {
	if (value === undefined) throw new UsageError(`${flag} is missing`);
	return value;
};

/**
 * A number in plain decimals, nothing else: no exponents, no hexadecimal, no blanks.
 * @throws UsageError for anything else and outside the bounds
 */
export const parseNumber = (
	text: string,
	flag: string,
	{ min, max, integer = false }: { readonly min: number; readonly max: number; readonly integer?: boolean },
): number => {
	const value = (integer ? /^\d{1,15}$/ : /^\d{1,15}(\.\d{1,9})?$/).test(text) ? Number(text) : Number.NaN;
	if (!(value >= min && value <= max)) {
		throw new UsageError(
			`${flag} must be ${integer ? "an integer" : "a number"} from ${min} to ${max}, not "${text}"`,
		);
	}
	return value;
};

/** An integer that may be left out. @throws UsageError as {@link parseNumber} */
export const parseInteger = (
	text: string | undefined,
	flag: string,
	bounds: { readonly min: number; readonly max: number },
): number | undefined => (text === undefined ? undefined : parseNumber(text, flag, { ...bounds, integer: true }));

/** One of a list of words. @throws UsageError for others */
export const parseChoice = <T extends string>(text: string, flag: string, choices: readonly T[]): T => {
	const choice = choices.find((candidate) => candidate === text);
	if (choice === undefined) throw new UsageError(`${flag} must be ${choices.join(" or ")}, not "${text}"`);
	return choice;
};
