import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FrameMessage } from "./messages.ts";
import { Presenter } from "./presenter.ts";

const FRAME_RATE = 25;
const DURATION = 1e6 / FRAME_RATE;

/** A paused video and a canvas, as far as the presenter looks at them. */
function start() {
	const video = Object.assign(new EventTarget(), {
		...{ paused: true, seeking: false, readyState: 4, duration: 4, currentTime: 0 },
		requestVideoFrameCallback: () => 1,
		cancelVideoFrameCallback: () => undefined,
	});
	const canvas = {
		...{ width: 0, height: 0, hidden: true },
		toggleAttribute: () => false,
		getContext: () => ({ drawImage: () => undefined }),
	};
	const closed: string[] = [];
	let released = 0;
	const presenter = new Presenter(
		video as unknown as HTMLVideoElement,
		canvas as unknown as HTMLCanvasElement,
		FRAME_RATE,
		{ released: (count) => (released += count), visible: () => undefined, presented: () => undefined },
	);
	const picture = (index: number, name = String(index)) =>
		({
			...{ mediaTime: index * DURATION, duration: DURATION, coveredWidth: 2, coveredHeight: 2 },
			image: { close: () => closed.push(name) },
		}) as unknown as FrameMessage;
	return {
		presenter,
		closed,
		released: () => released,
		picture,
		/** The video stands on this frame, and its picture comes. */
		showOn: (index: number, name?: string) => {
			video.currentTime = (index + 0.5) / FRAME_RATE;
			presenter.offer(picture(index, name));
		},
	};
}

describe("Presenter", () => {
	beforeEach(() => {
		vi.stubGlobal("HTMLMediaElement", { HAVE_FUTURE_DATA: 3 });
		vi.stubGlobal("getComputedStyle", () => ({ objectFit: "contain" }));
		vi.stubGlobal(
			"ResizeObserver",
			class {
				observe = () => undefined;
				disconnect = () => undefined;
			},
		);
	});
	afterEach(() => vi.unstubAllGlobals());

	it("closes every picture once: those that pass, and the one that is shown when keeping begins", () => {
		const { presenter, closed, released, showOn } = start();
		showOn(0);
		showOn(1);
		expect([closed, released()]).toEqual([["0"], 1]);
		presenter.keeps = true;
		showOn(2);
		expect([closed, released()]).toEqual([["0", "1"], 3]);
		showOn(3);
		expect(closed).toEqual(["0", "1"]);
		presenter.destroy();
		expect([closed.toSorted(), released()]).toEqual([["0", "1", "2", "3"], 4]);
	});

	it("closes a kept picture that another replaces, shown or not", () => {
		const { presenter, closed, picture, showOn } = start();
		presenter.keeps = true;
		showOn(5, "first");
		presenter.offer(picture(8, "waits"));
		presenter.offer(picture(8, "waits instead"));
		expect(closed).toEqual(["waits"]);
		showOn(5, "shown instead");
		expect(closed).toEqual(["waits", "first"]);
		presenter.destroy();
		expect(closed.toSorted()).toEqual(["first", "shown instead", "waits", "waits instead"]);
	});
});
