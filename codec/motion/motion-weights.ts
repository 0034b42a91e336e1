/**
 * First distributions of the motion models, in thousandths (SPEC section 4.2): counted over 30 training clips at two
 * rates. They matter for the first frame of a GOP only; after that the models know the video.
 */

/** By `9 * (2 - size) + 3 * smaller neighbours + previous leaf`: no split, split. */
// prettier-ignore
export const SPLIT_WEIGHTS: readonly (readonly number[])[] = [
	[928, 72], [977, 23], [358, 642],
	[424, 576], [796, 204], [132, 868],
	[137, 863], [569, 431], [46, 954],
	[803, 197], [909, 91], [417, 583],
	[489, 511], [720, 280], [225, 775],
	[242, 758], [470, 530], [106, 894],
];

/** By `5 * size + candidates`: still, merged with candidate 0, 1, 2, 3, explicit. */
// prettier-ignore
export const MODE_WEIGHTS: readonly (readonly number[])[] = [
	[844, 1, 1, 1, 1, 155],
	[477, 290, 1, 1, 1, 234],
	[146, 359, 147, 1, 1, 348],
	[49, 286, 184, 69, 1, 412],
	[20, 141, 162, 37, 51, 590],
	[960, 1, 1, 1, 1, 40],
	[496, 327, 1, 1, 1, 177],
	[106, 480, 134, 1, 1, 279],
	[26, 362, 220, 73, 1, 320],
	[12, 199, 218, 60, 56, 454],
	[991, 1, 1, 1, 1, 9],
	[382, 524, 1, 1, 1, 94],
	[47, 642, 116, 1, 1, 195],
	[12, 376, 241, 84, 1, 288],
	[5, 156, 156, 58, 105, 520],
];

/** Classes 0..15 of the horizontal difference. */
// prettier-ignore
export const DIFFERENCE_X_WEIGHTS: readonly number[] = [109, 215, 112, 83, 68, 41, 31, 42, 135, 88, 44, 17, 10, 3, 1, 1];

/** Classes 0..15 of the vertical difference, by the horizontal class: 0, 1..7, 8..15. */
// prettier-ignore
export const DIFFERENCE_Y_WEIGHTS: readonly (readonly number[])[] = [
	[11, 364, 267, 51, 117, 22, 20, 34, 60, 35, 14, 3, 1, 1, 1, 1],
	[165, 265, 132, 91, 63, 42, 27, 37, 107, 56, 12, 3, 1, 1, 1, 1],
	[60, 47, 71, 52, 64, 31, 42, 50, 206, 199, 100, 39, 31, 6, 1, 1],
];
