/**
 * What a player tells of one playback, as Common Media Client Data (CTA-5004-B, version 2, event mode): lines of `key=value`, separated
 * by commas. All figures are totals since the playback began, so that a report that is lost, doubled or late does no harm.
 *
 * | key | is |
 * | --- | --- |
 * | `sid` | name of the playback, made by the player: letters, digits, `-`, `_` |
 * | `msd` | milliseconds from the wish to play to the first picture |
 * | `bsa`, `bsda` | how often, and for how many milliseconds, playback stood still for want of data |
 * | `dfa` | frames dropped |
 * | `sta` | state of the player; `f` is an error that ended playback |
 * | `dev.crescendo-played` | milliseconds played |
 * | `dev.crescendo-enhanced` | of them, milliseconds with the enhancement shown |
 * | `dev.crescendo-fallback` | why the enhancement was not shown or stopped: the player's code for it |
 */
export type PlaybackReport = {
	readonly session: string;
	readonly startupMilliseconds?: number;
	readonly stalls?: number;
	readonly stalledMilliseconds?: number;
	readonly droppedFrames?: number;
	readonly failed?: boolean;
	readonly playedMilliseconds?: number;
	readonly enhancedMilliseconds?: number;
	readonly fallback?: string;
};

/** Where reports go, relative to the master playlist: so that they keep the token of a signed asset. */
export const REPORTS_URI = "reports";

/** Media types of reports; a browser sends the second from another origin without asking first. */
export const CMCD_MEDIA_TYPES = ["application/cmcd", "text/plain"] as const;

/** Largest total that is believed: a day. */
const MOST = 86_400_000;

const NUMBERS = {
	msd: "startupMilliseconds",
	bsa: "stalls",
	bsda: "stalledMilliseconds",
	dfa: "droppedFrames",
	"dev.crescendo-played": "playedMilliseconds",
	"dev.crescendo-enhanced": "enhancedMilliseconds",
} as const satisfies Record<string, keyof PlaybackReport>;

/** One report as one line. Keys are in order of the alphabet, as CMCD asks. */
export const formatReport = (report: PlaybackReport): string => {
	const pairs = [
		`sid="${report.session}"`,
		...Object.entries(NUMBERS).flatMap(([key, name]) => {
			const value = report[name];
			return value === undefined ? [] : [`${key}=${Math.round(value)}`];
		}),
		...(report.failed === true ? ["sta=f"] : []),
		...(report.fallback === undefined ? [] : [`dev.crescendo-fallback="${report.fallback}"`]),
	];
	return pairs.toSorted().join(",");
};

/** The report in a line, or undefined where it is none. Keys that are not of the table are passed over, values that cannot be left out. */
export const parseReport = (line: string): PlaybackReport | undefined => {
	const values = new Map<string, string>();
	for (const [, key = "", , quoted, plain = ""] of line.matchAll(PAIR)) values.set(key, quoted ?? plain);
	const session = values.get("sid") ?? "";
	if (!/^[\w-]{8,64}$/.test(session)) return undefined;
	const fallback = values.get("dev.crescendo-fallback");
	const numbers = Object.entries(NUMBERS).flatMap(([key, name]) => {
		const text = values.get(key) ?? "";
		return /^\d{1,9}$/.test(text) && Number(text) <= MOST ? [[name, Number(text)] as const] : [];
	});
	return {
		session,
		...Object.fromEntries(numbers),
		...(values.get("sta") === "f" && { failed: true }),
		...(fallback !== undefined && /^[a-z][a-z0-9-]{0,39}$/.test(fallback) && { fallback }),
	};
};

/** A key, and perhaps a quoted string, a list in brackets, or a token; up to the next comma. */
const PAIR = /(?:^|,)([a-z][\w.-]*)(=(?:"((?:[^"\\]|\\.)*)"|(\([^)]*\)|[^,]*)))?(?=,|$)/g;
