import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

/** What the edge was asked. */
let asked: { authorization: string | undefined; body: unknown }[] = [];

const edge = createServer((request, response) => {
	const chunks: Buffer[] = [];
	request.on("data", (chunk: Buffer) => chunks.push(chunk));
	request.on("end", () => {
		const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
		asked.push({ authorization: request.headers.authorization, body });
		response.writeHead(request.url === "/v1/upload-tokens" ? 201 : 404, { "content-type": "application/json" });
		response.end(JSON.stringify({ token: "made", expiresAt: "2030-01-01T00:00:00Z", asset: "asset-7" }));
	});
});

beforeAll(async () => {
	await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
	vi.stubEnv("CRESCENDO_ENDPOINT", `http://127.0.0.1:${(edge.address() as AddressInfo).port}`);
	vi.stubEnv("CRESCENDO_API_KEY", "secret");
	vi.stubEnv("PAGE_ORIGIN", "https://www.example.com");
});

afterAll(async () => {
	vi.unstubAllEnvs();
	await new Promise((resolve) => edge.close(resolve));
});

type Ask = (user: string, body: object) => Promise<Response>;

/** Whoever signs in to the examples is named in their environment. */
const post = (user: string, body: object) => {
	vi.stubEnv("DEMO_USER", user);
	return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
};

const example = (name: string): string => new URL(`../examples/token-server/${name}.js`, import.meta.url).href;

const withHono = async (use: (ask: Ask) => Promise<void>): Promise<void> => {
	const { app } = (await import(example("hono"))) as { app: { request: typeof fetch } };
	await use(async (user, body) => app.request("/upload-token", post(user, body)));
};

const withExpress = async (use: (ask: Ask) => Promise<void>): Promise<void> => {
	const { app } = (await import(example("express"))) as { app: RequestListener };
	const server = createServer(app);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	try {
		const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/upload-token`;
		await use((user, body) => fetch(address, post(user, body)));
	} finally {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}
};

it.each([
	["Hono", withHono],
	["Express", withExpress],
] as const)(
	"the token server with %s asks the edge with the key, for the asset that is continued, and for nobody else's",
	async (_, withServer) => {
		asked = [];
		await withServer(async (ask) => {
			const first = await ask("ada", {});
			expect(first.status).toBe(201);
			expect(await first.json()).toMatchObject({ token: "made" });
			expect((await ask("ada", { assetId: "asset-7" })).status).toBe(201);
			expect((await ask("eve", { assetId: "asset-7" })).status).toBe(403);
			expect((await ask("ada", { assetId: "asset-8" })).status).toBe(403);
			expect((await ask("", {})).status).toBe(403);
		});
		const limits = { maxDurationSeconds: 3600, origin: "https://www.example.com" };
		expect(asked).toEqual([
			{ authorization: "Bearer secret", body: limits },
			{ authorization: "Bearer secret", body: { ...limits, asset: "asset-7" } },
		]);
	},
);
