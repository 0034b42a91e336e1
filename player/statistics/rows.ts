import { REASONS } from "../reasons.ts";
import type { PlayerStatistics } from "./statistics.ts";

/** One line of the statistics overlay. */
export type StatisticsRow = {
	readonly label: string;
	/** The text, or undefined where there is nothing to say: the line is left out. */
	readonly text: (s: PlayerStatistics) => string | undefined;
};

const size = ({ width, height }: { readonly width: number; readonly height: number }) => `${width} × ${height}`;

/** Bits a second for people. */
export function formatBitrate(bitsPerSecond: number): string {
	return bitsPerSecond >= 1e6
		? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`
		: `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

const seconds = (value: number) => `${value.toFixed(1)} s`;
const milliseconds = (value: number) => (value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);

function sentence(s: PlayerStatistics): string {
	if (s.state === "active") return "enhanced";
	return s.reason === undefined ? s.state : `${s.state}: ${REASONS[s.reason]}`;
}

/** The overlay as a table: what each line is called and how it is read from the statistics. */
export const STATISTICS_ROWS: readonly StatisticsRow[] = [
	{ label: "State", text: sentence },
	{ label: "Error", text: (s) => s.error },
	{ label: "Shown", text: (s) => (s.shown.width > 0 ? size(s.shown) : undefined) },
	{
		label: "Base",
		text: (s) =>
			s.base.width > 0 ? `${size(s.base)}, ${s.frameRate.toFixed(2).replace(/\.?0+$/, "")} fps` : undefined,
	},
	{
		label: "Enhancement",
		text: (s) =>
			s.enhancement && `${s.enhancement.id}, q ${s.enhancement.q}, up to ${formatBitrate(s.enhancement.bitrate)}`,
	},
	{ label: "Backend", text: (s) => s.backend },
	{ label: "Passed over", text: (s) => (s.passedOver.length > 0 ? s.passedOver.join("; ") : undefined) },
	{
		label: "Picture time",
		text: (s) =>
			s.times &&
			`parse ${milliseconds(s.times.parse)}, reconstruct ${milliseconds(s.times.reconstruct)}, paint ${milliseconds(s.times.convert)}`,
	},
	{
		label: "Decodes",
		text: (s) => (s.decodeRate === undefined ? undefined : `${s.decodeRate.toFixed(1)} pictures/s`),
	},
	{
		label: "Buffers",
		text: (s) =>
			`base ${seconds(s.baseBuffer)}, enhancement ${seconds(s.enhancementBuffer)}, ${s.picturesReady} ready`,
	},
	{
		label: "Frames",
		text: (s) =>
			`${s.frames.enhanced} enhanced, ${s.frames.missed} missed, ${s.frames.all} in all, ${s.dropped} dropped`,
	},
	{ label: "Network", text: (s) => (s.bandwidth === undefined ? undefined : `about ${formatBitrate(s.bandwidth)}`) },
	{
		label: "Enhancement bytes",
		text: (s) => (s.enhancementBytes > 0 ? `${(s.enhancementBytes / 1024).toFixed(0)} KiB` : undefined),
	},
	{
		label: "Start",
		text: (s) =>
			s.firstPicture === undefined
				? undefined
				: `first picture ${milliseconds(s.firstPicture)}` +
					(s.firstEnhanced === undefined ? "" : `, first enhanced ${milliseconds(s.firstEnhanced)}`),
	},
	{
		label: "Decoder",
		text: (s) =>
			s.loadMilliseconds === undefined
				? undefined
				: `loaded in ${milliseconds(s.loadMilliseconds)}, self-test ${milliseconds(s.selfTestMilliseconds ?? 0)}`,
	},
];
