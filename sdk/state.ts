/**
 * The life of an upload:
 *
 * ```
 * idle -> preparing -> running <-> paused
 *             |          |  \
 *             |          |   finishing -> done
 *             +----------+------+--------> failed | aborted
 * ```
 *
 * - `idle`: made, not begun (it begins by itself in the next task).
 * - `preparing`: the source is opened and checked, the backend measured, the asset made or found again.
 * - `running`: frames are coded, parts are sent.
 * - `paused`: nothing new is coded or sent; what is on its way arrives.
 * - `finishing`: every frame is coded; the last parts are on their way.
 * - `done`, `failed`, `aborted`: the end.
 */
export type UploadState = "idle" | "preparing" | "running" | "paused" | "finishing" | "done" | "failed" | "aborted";

/** What happens to an upload. */
export type UploadStep = "begin" | "prepared" | "pause" | "resume" | "coded" | "completed" | "fail" | "abort";

/** One row a state, one column a step; what is absent cannot happen there and changes nothing. */
const TRANSITIONS: Readonly<Record<UploadState, Readonly<Partial<Record<UploadStep, UploadState>>>>> = {
	idle: { begin: "preparing", abort: "aborted", fail: "failed" },
	preparing: { prepared: "running", pause: "paused", abort: "aborted", fail: "failed" },
	// `prepared` and `coded` may arrive during a pause, from work that was under way when it was asked for: a pause does not
	// remember them, so `running` takes what would have followed.
	running: {
		prepared: "running",
		pause: "paused",
		coded: "finishing",
		completed: "done",
		abort: "aborted",
		fail: "failed",
	},
	paused: {
		prepared: "paused",
		coded: "paused",
		resume: "running",
		completed: "done",
		abort: "aborted",
		fail: "failed",
	},
	finishing: { pause: "paused", completed: "done", abort: "aborted", fail: "failed" },
	done: {},
	failed: {},
	aborted: {},
};

/** @returns the state after `step`, or undefined where `step` has no meaning in `state`. */
export const nextState = (state: UploadState, step: UploadStep): UploadState | undefined => TRANSITIONS[state][step];

/** True for `done`, `failed`, `aborted`. */
export const isFinal = (state: UploadState): boolean => Object.keys(TRANSITIONS[state]).length === 0;

/** Every state and step, for documentation and tests. */
export const STATES = Object.keys(TRANSITIONS) as readonly UploadState[];
export const STEPS: readonly UploadStep[] = [
	"begin",
	"prepared",
	"pause",
	"resume",
	"coded",
	"completed",
	"fail",
	"abort",
];
