import {
	abandons,
	bufferTarget,
	chooseLevel,
	type LadderEstimate,
	ladderBandwidth,
	NO_LADDER_ESTIMATE,
	sampleLadder,
} from "./hls-ladder.ts";
import { SharedNetwork } from "./shared-network.ts";
import { type SimulatedSession, type SimulatedStream, STEP } from "./session.ts";
import type { Trace } from "./traces.ts";
import { SimulatedViewer } from "./viewer.ts";

/** Seconds between two checks whether the segment that loads should be given up, as in hls.js. */
const CHECK_PERIOD = 0.1;

/** hls.js on a classic ladder: one segment at a time, each of the level that its own policy chooses. */
export function simulateLadder(stream: SimulatedStream, trace: Trace): SimulatedSession {
	const { segmentSeconds, ladder } = stream;
	const bitrates = ladder.map(({ bitrate }) => bitrate);
	const count = Math.ceil(stream.seconds / segmentSeconds);
	const network = new SharedNetwork<number>(trace);
	const viewer = new SimulatedViewer(stream.seconds);
	const levels: number[] = [];
	let estimate: LadderEstimate = NO_LADDER_ESTIMATE;
	let checked = 0;
	const buffer = () => Math.max(0, levels.length * segmentSeconds - viewer.position);
	const observe = () => ({ bitrates, segmentSeconds, bandwidth: ladderBandwidth(estimate), latency: trace.latency });

	const request = () => {
		if (network.transfers.length > 0 || levels.length >= count) return;
		const level = chooseLevel({ ...observe(), current: levels.at(-1), buffer: buffer() });
		if (buffer() >= bufferTarget(bitrates[level] ?? 0)) return;
		network.begin(level, (bitrates[level] ?? 0) * segmentSeconds);
	};
	const check = (now: number) => {
		const [loading] = network.transfers;
		if (!loading || !viewer.began || now < checked + CHECK_PERIOD) return;
		checked = now;
		const { label: level, bits, bitsLeft, seconds } = loading;
		const loaded = bits - bitsLeft;
		if (!abandons({ ...observe(), level, seconds, loaded, left: bitsLeft, buffer: buffer() })) return;
		if (loaded > 0) estimate = sampleLadder(estimate, loaded, Math.max(seconds - trace.latency, STEP));
		network.abort(loading, now);
	};
	return {
		get ended() {
			return viewer.ended;
		},
		step(now) {
			request();
			for (const { label: level, bits, seconds } of network.step(now, STEP)) {
				estimate = sampleLadder(estimate, bits, Math.max(seconds - trace.latency, STEP));
				levels.push(level);
			}
			check(now);
			const rank = levels[Math.floor(viewer.position / segmentSeconds)] ?? 0;
			viewer.play(now, STEP, levels.length * segmentSeconds, { rank, quality: ladder[rank]?.quality ?? 0 });
		},
		result: () => viewer.result(network.bytes),
	};
}
