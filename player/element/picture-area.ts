/** A size in samples. */
export type Size = { readonly width: number; readonly height: number };

/**
 * The base of a picture whose sides are not multiples of 8 covers up to 7 samples more than the picture: they repeat its last
 * column and row. This is the part of the base that is the picture, for the style property `object-view-box`: with it the
 * video has the picture's shape. Browsers that do not know the property show all of the base.
 *
 * @param picture visible size of the full picture
 * @returns an empty string where base and picture have the same shape, or are not each other's
 */
export function viewBoxOf(picture: Size, base: Size): string {
	const right = 1 - picture.width / (4 * base.width);
	const bottom = 1 - picture.height / (4 * base.height);
	// Seven samples are too many only of the smallest pictures; anything else is another picture's base.
	const isOwn = (rest: number, side: number) => rest >= 0 && rest * 4 * side < 8;
	if (!isOwn(right, base.width) || !isOwn(bottom, base.height)) return "";
	if (right === 0 && bottom === 0) return "";
	const percent = (rest: number) => `${(100 * rest).toFixed(4)}%`;
	return `inset(0 ${percent(right)} ${percent(bottom)} 0)`;
}
