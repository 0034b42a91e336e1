import type { Environment } from "../environment.ts";
import { DEFAULT_LIMITS, type Limits, readLimits } from "../limits.ts";

/**
 * The limits where something is played. They stand in one text with those of uploads: a typing error in it stops uploads, and `/ready`
 * says so, but what is there goes on playing, with the limits where nothing overrides them.
 */
export const deliveryLimits = ({ CRESCENDO_LIMITS }: Environment): Limits => {
	try {
		return readLimits(CRESCENDO_LIMITS);
	} catch {
		return DEFAULT_LIMITS;
	}
};
