import type { Picture } from "../../codec/picture/picture.ts";
import { Resizer } from "../../codec/picture/resize.ts";

/** @returns a function that brings pictures of any size to one size; a size seen before costs no new preparation. */
export const scalerTo = (width: number, height: number): ((picture: Picture) => Picture) => {
	const resizers = new Map<string, Resizer>();
	return (picture) => {
		if (picture.width === width && picture.height === height) {
			return picture;
		}
		const key = `${picture.width}x${picture.height}`;
		const resizer = resizers.get(key) ?? new Resizer(picture.width, picture.height, width, height);
		resizers.set(key, resizer);
		return resizer.resize(picture);
	};
};
