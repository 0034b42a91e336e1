/** Settings of the local edge, from the environment. */
export interface Settings {
	readonly port: number;
	readonly data: string;
	readonly apiKey?: string;
}

/**
 * Reads `CRESCENDO_PORT` (default 8787, 0 for any free one), `CRESCENDO_DATA` (default `.crescendo/data`) and
 * `CRESCENDO_API_KEY` (default: a development key).
 * @throws RangeError where one of them cannot be used
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
	const text = environment["CRESCENDO_PORT"] ?? "8787";
	const port = Number(text);
	if (!/^\d+$/.test(text) || port > 65_535) {
		throw new RangeError(`CRESCENDO_PORT must be a port number from 0 to 65535, not "${text}"`);
	}
	const data = environment["CRESCENDO_DATA"] || ".crescendo/data";
	const apiKey = environment["CRESCENDO_API_KEY"] || undefined;
	if (apiKey !== undefined && !/^[\x21\x23-\x7e]+$/.test(apiKey)) {
		throw new RangeError("CRESCENDO_API_KEY must consist of printable characters without spaces and quotes");
	}
	return { port, data, ...(apiKey === undefined ? {} : { apiKey }) };
}
