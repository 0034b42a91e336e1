/** Resolves at the event, at once where `readyState` is there already, or when the signal is aborted. */
export function firstEvent(
	video: HTMLMediaElement,
	type: string,
	readyState: number,
	signal: AbortSignal,
): Promise<void> {
	if (video.readyState >= readyState || signal.aborted) return Promise.resolve();
	return nextEvent(video, type, signal);
}

/** Resolves when the video has begun to play, or when the signal is aborted. */
export function firstPlay(video: HTMLMediaElement, signal: AbortSignal): Promise<void> {
	if (video.played.length > 0 || signal.aborted) return Promise.resolve();
	return nextEvent(video, "playing", signal);
}

function nextEvent(video: HTMLMediaElement, type: string, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		video.addEventListener(type, () => resolve(), { once: true, signal });
		signal.addEventListener("abort", () => resolve(), { once: true });
	});
}

/** `MediaError` has no constructor; what reads it reads `code` and `message`. */
export function mediaError(code: number, message: string): MediaError {
	const constants = {
		MEDIA_ERR_ABORTED: 1,
		MEDIA_ERR_NETWORK: 2,
		MEDIA_ERR_DECODE: 3,
		MEDIA_ERR_SRC_NOT_SUPPORTED: 4,
	} as const;
	return { code, message, ...constants };
}
