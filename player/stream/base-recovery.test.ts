import * as hlsModule from "hls.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BaseRecovery, type RecoverableHls } from "./base-recovery.ts";

describe("the recovery of the base", () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	it("tries after longer and longer pauses, and at once when the viewer seeks or presses play", () => {
		const media = Object.assign(new EventTarget(), { readyState: 4, currentTime: 0 });
		const startLoad = vi.fn();
		const hls = { media, startLoad, recoverMediaError: vi.fn(), config: { maxBufferLength: 30 } };
		const fatal = vi.fn();
		const recovery = new BaseRecovery(hlsModule, hls as unknown as RecoverableHls, {
			...{ segments: () => [], isAhead: () => true, fatal },
		});
		const lost = () =>
			recovery.onFatal({
				type: hlsModule.ErrorTypes.NETWORK_ERROR,
				details: hlsModule.ErrorDetails.FRAG_LOAD_ERROR,
			} as hlsModule.ErrorData);
		/** Seconds until the next try. */
		const pause = (): number => {
			const before = startLoad.mock.calls.length;
			const begun = performance.now();
			while (startLoad.mock.calls.length === before) vi.advanceTimersToNextTimer();
			return Math.round((performance.now() - begun) / 1000);
		};
		const pauses = Array.from({ length: 7 }, () => {
			lost();
			return pause();
		});
		expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
		for (const type of ["seeking", "play"]) {
			// Nothing is waited for: nothing is tried.
			startLoad.mockClear();
			media.dispatchEvent(new Event(type));
			expect(startLoad).not.toHaveBeenCalled();
			lost();
			media.dispatchEvent(new Event(type));
			expect(startLoad).toHaveBeenCalledOnce();
			expect(vi.getTimerCount()).toBe(0);
			lost();
			expect(pause()).toBe(1);
		}
		lost();
		recovery.destroy();
		startLoad.mockClear();
		media.dispatchEvent(new Event("play"));
		vi.runAllTimers();
		expect(startLoad).not.toHaveBeenCalled();
		expect(fatal).not.toHaveBeenCalled();
	});
});
