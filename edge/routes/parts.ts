import { Hono } from "hono";
import * as v from "valibot";
import { MAX_PARTS } from "../../protocol/asset.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { digestsEqual, parseReprDigest, sha256 } from "../../protocol/digest.ts";
import { MAX_PART_BYTES, PART_MEDIA_TYPE } from "../../protocol/part.ts";
import { TrackId } from "../../protocol/track.ts";
import { requireAsset } from "../access/authorize.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { type BodyCount, BodyRoom } from "../http/body-room.ts";
import { readBody } from "../http/request-body.ts";
import { addressTrack, assetIdParam, assetObject, unwrap } from "./context.ts";

/** Parts: the unit of upload. The digest is looked at here, so that the Durable Object's one thread need not. */
export const parts = new Hono<EdgeContext>().put("/v1/assets/:id/tracks/:track/parts/:number", async (context) => {
	const id = assetIdParam(context);
	await requireAsset(context, id, "write");
	const { track, number } = context.req.param();
	if (!v.is(TrackId, track)) throw notFound("such track");
	if (!/^(0|[1-9]\d{0,5})$/.test(number) || Number(number) >= MAX_PARTS) {
		throw new ApiError(
			"invalid-request",
			"That is no part number.",
			`Parts are numbered from 0 to ${MAX_PARTS - 1}.`,
		);
	}
	if (context.req.header("Content-Type")?.toLowerCase() !== PART_MEDIA_TYPE) {
		throw new ApiError(
			"unsupported-media-type",
			"The body must be a part.",
			`Send Content-Type: ${PART_MEDIA_TYPE}.`,
		);
	}
	const claimed = parseReprDigest(context.req.header("Repr-Digest"));
	if (claimed === undefined) {
		throw new ApiError(
			"digest-required",
			"There is no sha-256 in Repr-Digest.",
			"Send Repr-Digest: sha-256=:<base64>: of the body.",
		);
	}
	const store = (bytes: Uint8Array<ArrayBuffer>, digest: Uint8Array) =>
		assetObject(context, id).putPart(track, Number(number), toBase64(digest), bytes);
	const handed = handOver(context.req.raw, claimed, ROOM.open(id), store);
	// A client that goes away ends its request with all that runs in it, and the count of its body would never be given back.
	context.executionCtx.waitUntil(handed.then(nothing, nothing));
	const { answer } = await handed;
	const put = unwrap(await answer);
	return context.json({ track: addressTrack(context, id, put.track) }, put.created ? 201 : 200);
});

/**
 * Bytes of parts of one asset that are read at the same time: four of the largest. A command line sends half of that, an SDK three
 * parts of some 100 kB, so there is room for those of a connection that was lost.
 */
const ROOM = new BodyRoom(4 * MAX_PART_BYTES);

const nothing = (): void => {};

/**
 * Hands a body of this digest over, and ends when that is done. The answer is for whoever wants to wait longer: what waits for it here
 * would keep its megabytes until it comes, and that takes as long as segments are written.
 */
const handOver = <Answer>(
	request: Request,
	claimed: Uint8Array,
	count: BodyCount,
	store: (bytes: Uint8Array<ArrayBuffer>, digest: Uint8Array) => Promise<Answer>,
): Promise<{ readonly answer: Promise<Answer> }> =>
	readVerified(request, claimed, count)
		.then(({ bytes, digest }) => {
			const answer = store(bytes, digest);
			// The message is written by now: its bytes go at once, not when garbage is next collected.
			bytes.buffer.transfer(0);
			return { answer };
		})
		.finally(() => count.close());

const readVerified = async (request: Request, claimed: Uint8Array, count: BodyCount) => {
	const bytes = await readBody(request, MAX_PART_BYTES, count);
	const digest = await sha256(bytes);
	if (!digestsEqual(claimed, digest)) {
		throw new ApiError(
			"digest-mismatch",
			"The body is not what Repr-Digest says.",
			"It was damaged on the way: send it again.",
		);
	}
	return { bytes, digest };
};
