import type { Bottleneck, UploadState } from "../../sdk/index.ts";

/** Numbers and states in words that a person reads. */

/** @param seconds rounded up to what matters at that length. */
export const inTime = (seconds: number): string => {
	if (seconds < 1) {
		return "a moment";
	}
	if (seconds < 100) {
		return `${Math.ceil(seconds)} s`;
	}
	const minutes = Math.ceil(seconds / 60);
	return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
};

/** @param bytes in the unit that gives one to three digits before the point. */
export const inBytes = (bytes: number): string => {
	const units = ["B", "kB", "MB", "GB"];
	let value = bytes;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit += 1;
	}
	return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)}\u00a0${units[unit]}`;
};

/** `4:05`. */
export const inClock = (seconds: number): string => {
	const whole = Math.round(seconds);
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

export const BOTTLENECKS: Readonly<Record<Bottleneck, string>> = {
	decode: "the decoder",
	base: "the base encoder",
	enhancement: "the enhancement",
	upload: "the network",
};

export const PREPARING_ENHANCEMENT = "Uploading the base, loading the enhancement";

export const STATES: Readonly<Record<UploadState, string>> = {
	idle: "Starting",
	preparing: "Opening the video",
	running: "Encoding and uploading",
	paused: "Paused",
	finishing: "Sending the last parts",
	done: "Ready",
	failed: "Stopped",
	aborted: "Cancelled",
};
