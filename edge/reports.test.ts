import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { removeOldReports } from "./catalogue/playbacks.ts";
import { isSampled } from "./catalogue/sampling.ts";
import { formatReport, type PlaybackReport } from "../protocol/cmcd.ts";
import { call, migrate, ORIGIN, uploadAll } from "./testing/edge-client.ts";
import { clipTracks } from "./testing/fixture-media.ts";
import app from "./worker.ts";

const tracks = clipTracks({ frames: 75 });
let id: string;
let signed: string;

const codeOf = async (response: Response) => [
	response.status,
	(await response.json<{ error: { code: string } }>()).error.code,
];

beforeAll(async () => {
	await migrate();
	id = await uploadAll(tracks);
	signed = await uploadAll(tracks, 40, undefined, { access: "signed" });
});

describe("what players report", () => {
	const send = (assetId: string, reports: readonly PlaybackReport[], type = "application/cmcd", prefix = "") =>
		call(`${prefix}/v1/assets/${assetId}/reports`, {
			method: "POST",
			token: "",
			headers: { "Content-Type": type },
			body: reports.map(formatReport).join("\n"),
		});
	const quality = async () => (await call(`/v1/assets/${id}/quality`)).json();

	it("becomes figures, whatever comes twice, late or in another order", async () => {
		const early = {
			session: "session-one",
			startupMilliseconds: 400,
			playedMilliseconds: 4000,
			enhancedMilliseconds: 1000,
		};
		const late = {
			...early,
			playedMilliseconds: 10_000,
			enhancedMilliseconds: 6000,
			stalls: 1,
			stalledMilliseconds: 500,
		};
		const other = {
			session: "session-two",
			startupMilliseconds: 900,
			playedMilliseconds: 10_000,
			fallback: "no-webgpu",
		};
		const broken = { session: "session-three", failed: true };
		for (const report of [late, early, late, other, broken]) {
			expect((await send(id, [report])).status).toBe(204);
		}
		// Of several lines the totals of the last hold, and what only an earlier one says.
		expect((await send(id, [late, { session: early.session }], "text/plain;charset=UTF-8")).status).toBe(204);
		expect(await quality()).toMatchObject({
			total: {
				playbacks: 3,
				failed: 1,
				startupP50: 400,
				startupP95: 900,
				stalls: 1,
				stalledSeconds: 0.5,
				playedSeconds: 20,
				enhancedShare: 0.3,
			},
			days: [{ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), playbacks: 3 }],
			fallbacks: { "no-webgpu": 1 },
		});
	});

	it("is refused where it is none, or of nothing", async () => {
		for (const figures of ["quality", "usage"]) {
			expect((await call(`/v1/assets/paaaaaaaaaaaaaaaaaaaa/${figures}`)).status).toBe(404);
		}
		expect(await codeOf(await send(id, [], "application/cmcd"))).toEqual([400, "invalid-request"]);
		expect(await codeOf(await send(id, [{ session: "x" }]))).toEqual([400, "invalid-request"]);
		const several = ["session-four", "session-five"].map((session) => ({ session }));
		expect(await codeOf(await send(id, several))).toEqual([400, "invalid-request"]);
		const long = await call(`/v1/assets/${id}/reports`, {
			method: "POST",
			token: "",
			headers: { "Content-Type": "application/cmcd" },
			body: `sid="session-four"${",a=(".repeat(400)}`,
		});
		expect(await codeOf(long)).toEqual([400, "invalid-request"]);
		expect(await codeOf(await send(id, [{ session: "session-four" }], "text/html"))).toEqual([
			415,
			"unsupported-media-type",
		]);
		expect(await codeOf(await send(`p${"a".repeat(20)}`, [{ session: "session-four" }]))).toEqual([
			404,
			"not-found",
		]);
		expect(await codeOf(await send(signed, [{ session: "session-four" }]))).toEqual([401, "unauthorized"]);
		const { token } = await (
			await call(`/v1/assets/${signed}/playback-tokens`, { method: "POST", json: {} })
		).json<{ token: string }>();
		expect((await send(signed, [{ session: "session-four" }], "text/plain", `/p/${token}`)).status).toBe(204);
	});

	it("may be kept of some playbacks only, all of each, which stand for the rest", async () => {
		const { token } = await (
			await call(`/v1/assets/${signed}/playback-tokens`, { method: "POST", json: {} })
		).json<{ token: string }>();
		const sessions = Array.from({ length: 100 }, (_, index) => `sampled-${index}`);
		const few = { ...env, CRESCENDO_LIMITS: '{"reportOneIn":4}' };
		for (const playedMilliseconds of [1000, 3000]) {
			for (const session of sessions) {
				const body = formatReport({ session, startupMilliseconds: 700, playedMilliseconds });
				const headers = { "Content-Type": "application/cmcd", "CF-Connecting-IP": session };
				const url = `${ORIGIN}/p/${token}/v1/assets/${signed}/reports`;
				const request = new Request(url, { method: "POST", headers, body });
				expect((await app.fetch(request, few, createExecutionContext())).status).toBe(204);
			}
		}
		const kept = sessions.filter((session) => isSampled(session, 4)).length;
		expect(Math.abs(kept - 25)).toBeLessThan(15);
		// One playback was reported before, and counts once.
		const figures = await (await call(`/v1/assets/${signed}/quality`)).json();
		expect(figures).toMatchObject({
			total: { playbacks: 4 * kept + 1, startupP50: 700, startupP95: 700, playedSeconds: 12 * kept },
		});
		expect(sessions.every((session) => isSampled(session, 1))).toBe(true);
	});

	it("is forgotten after ninety days", async () => {
		const sessions = async () => {
			const { results } = await env.CATALOGUE.prepare("SELECT asset, session FROM playbacks").run();
			return results.map(({ asset, session }) => (asset === signed ? "signed" : session));
		};
		const before = await sessions();
		expect(before.filter((session) => session === "signed").length).toBeGreaterThan(10);
		await env.CATALOGUE.prepare("UPDATE playbacks SET day = '2020-01-01' WHERE asset = ?").bind(signed).run();
		await removeOldReports(env.CATALOGUE, "2020-01-02", 3);
		expect(await sessions()).toEqual(before.filter((session) => session !== "signed"));
		await env.CATALOGUE.prepare("UPDATE playbacks SET day = '2020-01-01' WHERE session = 'session-three'").run();
		await app.scheduled(createScheduledController(), env);
		expect((await sessions()).toSorted()).toEqual(["session-one", "session-two"]);
	});
});
