/** A piece of a segment as playlists know it. Duration in microseconds. */
export type PlaybackPartial = { readonly duration: number; readonly independent: boolean };

/** A segment as playlists know it. Duration in microseconds; bytes 0 is a gap, of which nothing is stored. */
export type PlaybackSegment = {
	readonly duration: number;
	readonly bytes: number;
	readonly samples: number;
	/** Of the latest segments of a low-latency asset. */
	readonly partials?: readonly PlaybackPartial[];
};
