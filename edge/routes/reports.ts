import { type Context, Hono } from "hono";
import { CMCD_MEDIA_TYPES, parseReport, type PlaybackReport } from "../../protocol/cmcd.ts";
import { requireKey } from "../access/authorize.ts";
import { requirePlayback } from "../access/require-playback.ts";
import { findAsset } from "../catalogue/assets.ts";
import { addReports, readQuality } from "../catalogue/playbacks.ts";
import { isSampled } from "../catalogue/sampling.ts";
import { dayOf, listUsage, storedTotals } from "../catalogue/usage.ts";
import type { EdgeContext } from "../environment.ts";
import { ApiError, notFound } from "../http/api-error.ts";
import { readBody } from "../http/request-body.ts";
import { deliveryLimits } from "../http/delivery-limits.ts";
import { assetIdParam } from "./context.ts";

/** Bytes and lines of the reports in one request, and characters of one line. */
const REPORT_BYTES = 16 * 1024;
const REPORT_LINES = 32;
const LINE_CHARACTERS = 1024;

/** What players tell of playbacks: from whoever may play the asset. Nothing in it is believed to be more than a claim. */
export const reports = new Hono<EdgeContext>().post("/v1/assets/:id/reports", async (context) => {
	const id = assetIdParam(context);
	await requirePlayback(context, id);
	const { success } = await context.env.REPORT_RATE.limit({ key: context.req.header("CF-Connecting-IP") ?? "local" });
	if (!success) {
		throw new ApiError("rate-limited", "Too many reports in a short time.", "Report less often.", {
			retryAfter: 60,
		});
	}
	const type = context.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
	if (!CMCD_MEDIA_TYPES.some((known) => known === type)) {
		throw new ApiError(
			"unsupported-media-type",
			"The body must be CMCD reports.",
			"Send Content-Type: application/cmcd.",
		);
	}
	const text = new TextDecoder().decode(await readBody(context.req.raw, REPORT_BYTES));
	const parsed = text
		.split("\n")
		.filter((line) => line.trim() !== "" && line.length <= LINE_CHARACTERS)
		.slice(0, REPORT_LINES)
		.map((line) => parseReport(line.trim()));
	const valid = parsed.filter((report): report is PlaybackReport => report !== undefined);
	const [first] = valid;
	if (first === undefined)
		throw new ApiError(
			"invalid-request",
			"There is no report in the body.",
			"Each line has a sid; see protocol/cmcd.ts.",
		);
	// A row each: the rate limit is one of requests.
	if (valid.some(({ session }) => session !== first.session))
		throw new ApiError(
			"invalid-request",
			"The reports are of several playbacks.",
			"Send those of one sid together.",
		);
	const { reportOneIn } = deliveryLimits(context.env);
	if (!isSampled(first.session, reportOneIn)) return context.body(null, 204);
	// Reports of assets that are not there would be rows that nobody ever removes.
	if ((await findAsset(context.env.CATALOGUE, id)) === undefined) throw notFound("such asset");
	// All are totals: what a later line says holds.
	const report = valid.reduce((earlier, later) => ({ ...earlier, ...later }));
	await addReports(context.env.CATALOGUE, id, { day: dayOf(Date.now()), weight: reportOneIn }, [report]);
	return context.body(null, 204);
});

/** What was delivered, and how it was received. */
export const figures = new Hono<EdgeContext>()
	.get("/v1/assets/:id/quality", async (context) => {
		const id = assetIdParam(context);
		await requireKey(context, "read");
		if ((await findAsset(context.env.CATALOGUE, id)) === undefined) throw notFound("such asset");
		return context.json(await readQuality(context.env.CATALOGUE, id, firstDay(context)));
	})
	.get("/v1/assets/:id/usage", async (context) => {
		const id = assetIdParam(context);
		await requireKey(context, "read");
		const asset = await findAsset(context.env.CATALOGUE, id);
		if (asset === undefined) throw notFound("such asset");
		const stored = { assets: 1, bytes: asset.bytes, minutes: asset.duration / 60_000_000 };
		return context.json({ stored, delivered: await listUsage(context.env.CATALOGUE, firstDay(context), id) });
	})
	.get("/v1/usage", async (context) => {
		await requireKey(context, "read");
		const { duration, ...totals } = await storedTotals(context.env.CATALOGUE);
		const stored = { ...totals, minutes: duration / 60_000_000 };
		return context.json({ stored, delivered: await listUsage(context.env.CATALOGUE, firstDay(context)) });
	});

/**
 * The first of the last `days` days, today among them; 30 unless the query says otherwise.
 * @throws ApiError `invalid-request`
 */
const firstDay = (context: Context<EdgeContext>): string => {
	const days = context.req.query("days") ?? "30";
	if (!/^\d{1,3}$/.test(days) || Number(days) < 1) {
		throw new ApiError("invalid-request", "That is no number of days.", "days is 1 to 999.");
	}
	return dayOf(Date.now() - (Number(days) - 1) * 86_400_000);
};
