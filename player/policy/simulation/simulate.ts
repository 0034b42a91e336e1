import { simulateLadder } from "./ladder-session.ts";
import { PlayerSession } from "./player-session.ts";
import { type SimulatedSession, type SimulatedStream, STEP, type Strategy } from "./session.ts";
import type { Trace } from "./traces.ts";
import type { SimulationResult } from "./viewer.ts";

/** A session that takes longer than this many times the video is given up. */
const LONGEST = 8;

/**
 * Plays a stream over a network trace. Segments of base or ladder come one after the other; beside them, at the same
 * priority, comes one transfer for the enhancement at a time.
 *
 * @param decodeSpeed luma samples a second that the device decodes, always or at a moment in seconds
 */
export function simulate(
	stream: SimulatedStream,
	trace: Trace,
	strategy: Strategy,
	decodeSpeed: number | ((seconds: number) => number),
): SimulationResult {
	const device = typeof decodeSpeed === "number" ? () => decodeSpeed : decodeSpeed;
	const session: SimulatedSession =
		strategy === "ladder" ? simulateLadder(stream, trace) : new PlayerSession(stream, trace, strategy, device);
	for (let tick = 0; !session.ended && tick * STEP < LONGEST * stream.seconds; tick++) session.step(tick * STEP);
	return session.result();
}
