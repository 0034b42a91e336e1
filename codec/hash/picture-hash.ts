import type { Picture } from "../picture/picture.ts";
import { crc32c } from "./crc32c.ts";

/**
 * Hash of the visible samples of a picture (SPEC section 6): CRC-32C of plane Y, then U, then V, row by row. Equal
 * hashes in a stream and a decoder prove that the device is exact. The timestamp is not part of it.
 */
export function hashPicture(picture: Pick<Picture, "y" | "u" | "v">): number {
	return crc32c(picture.v, crc32c(picture.u, crc32c(picture.y)));
}
