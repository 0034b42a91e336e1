/** Measured time a picture takes, as a value; `observePicture` returns the next one. */
export type DecodeSpeed = {
	/** Milliseconds a picture, averaged over the last dozens. */
	readonly milliseconds: number;
	readonly pictures: number;
};

/** Pictures before the average is believed; the first ones compile shaders and warm caches. */
const WARM_UP = 4;
const BELIEVED = 12;
/** Weight of one picture in the average. */
const WEIGHT = 1 / 16;

/**
 * One picture counts as so many times the average at most: a hiccup of the graphics device, or a picture under way while the machine
 * sleeps, says nothing of the next ones.
 */
const LARGEST_FACTOR = 4;

/** Nothing measured yet. */
export const NO_DECODE_SPEED: DecodeSpeed = { milliseconds: 0, pictures: 0 };

/** Takes one picture's time, in milliseconds, into the average. */
export function observePicture(speed: DecodeSpeed, milliseconds: number): DecodeSpeed {
	const pictures = speed.pictures + 1;
	if (pictures <= WARM_UP || !(milliseconds >= 0)) return { ...speed, pictures };
	const seen = pictures - WARM_UP;
	const weight = Math.max(WEIGHT, 1 / seen);
	const taken = seen === 1 ? milliseconds : Math.min(milliseconds, LARGEST_FACTOR * Math.max(speed.milliseconds, 1));
	return { milliseconds: speed.milliseconds + weight * (taken - speed.milliseconds), pictures };
}

/** Milliseconds a picture, or undefined while too few were measured. */
export function pictureMilliseconds(speed: DecodeSpeed): number | undefined {
	return speed.pictures >= BELIEVED ? Math.max(speed.milliseconds, 0.01) : undefined;
}
