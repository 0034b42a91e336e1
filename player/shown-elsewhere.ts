/** What Safari has beside the standard: the full screen of an iPhone, which takes the bare `<video>`, and AirPlay. */
type SafariVideo = {
	readonly webkitDisplayingFullscreen?: boolean;
	readonly webkitCurrentPlaybackTargetIsWireless?: boolean;
};

/** Fired at the `<video>` when its picture goes somewhere else or comes back. */
export const ELSEWHERE_EVENTS: readonly string[] = [
	"enterpictureinpicture",
	"leavepictureinpicture",
	"webkitbeginfullscreen",
	"webkitendfullscreen",
	"webkitcurrentplaybacktargetiswirelesschanged",
];

/**
 * Whether the browser shows the bare `<video>` where no canvas can be drawn over it: in a window of its own, on the full screen of an
 * iPhone, on another device. The video is in a shadow tree: only its own root names it, the document names the host instead
 * (DOM, "retarget").
 */
export function isShownElsewhere(video: HTMLVideoElement): boolean {
	const root = video.getRootNode();
	const safari: SafariVideo = video as SafariVideo;
	return (
		((root instanceof ShadowRoot || root instanceof Document) && root.pictureInPictureElement === video) ||
		safari.webkitDisplayingFullscreen === true ||
		safari.webkitCurrentPlaybackTargetIsWireless === true
	);
}
