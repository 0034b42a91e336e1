/** A picture that a page handed over. Whoever gets it closes it. */
export type FedFrame = {
	readonly frame: VideoFrame;
	/** Microseconds on the feed's own clock, which pictures and sound share. */
	readonly timestamp: number;
};

/** A piece of sound that a page handed over. Whoever gets it closes it. */
export type FedSound = {
	readonly data: AudioData;
	/** On the clock of the pictures, microseconds. */
	readonly timestamp: number;
};

/** What is known of a feed before its first picture. Plain data: it travels to the worker. */
export type FeedInfo = {
	/** A camera, a screen, a canvas: pictures that are not taken in time are gone. */
	readonly live: boolean;
	/** Frames a second, where the feed knows. */
	readonly frameRate: number | undefined;
	readonly sound: boolean;
	/** Why there is no sound where there should be some. */
	readonly silence: string | undefined;
};

/**
 * Pictures and sound that come from a page instead of a file: pulled one by one, so that a slow encoder slows an iterable down, and
 * misses pictures of a camera.
 */
export interface Feed {
	readonly info: FeedInfo;
	/** Pictures that came and went because nobody asked for them. */
	readonly missed: number;
	/** The next picture; of a live feed the newest. Undefined at the end. @throws what the source threw */
	nextFrame(): Promise<FedFrame | undefined>;
	/** The next piece of sound, in order. Undefined at the end. */
	nextSound(): Promise<FedSound | undefined>;
	/** Leaves the time out that passes until as many `resume`. Iterables simply wait. */
	pause(): void;
	resume(): void;
	/** No more pictures: those who wait get the end. The page's own tracks keep running, they are the page's. */
	end(): void;
}
