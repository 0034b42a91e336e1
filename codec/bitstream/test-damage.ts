import { CodecError } from "../errors.ts";

/**
 * For tests with damaged input: the code of the CodecError that `work` ends with, undefined where it succeeds. Any
 * other error is a fault of the program and goes on.
 */
export function codeOf(work: () => void): string | undefined {
	try {
		work();
		return undefined;
	} catch (error) {
		if (error instanceof CodecError) return error.code;
		throw error;
	}
}
