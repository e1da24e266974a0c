import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

const SHOP = "https://shop.example";

let api: TestApi;
let shared: TestApp;
beforeAll(async () => {
	api = await startTestApi();
	shared = await api.startAnother({ corsOrigins: [SHOP, "https://kiosk.example"] });
});
afterAll(() => api.close());

const preflight = (app: TestApp, origin: string, path = "/api/v1/bookings") =>
	app.app.inject({
		method: "OPTIONS",
		url: path,
		headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,idempotency-key" },
	});

describe("every answer", () => {
	it.each(["GET /movies", "GET //livez", "GET //nowhere", "GET /bookings", "GET //openapi.json", "GET //%zz", "POST /auth/login"])(
		"has, in response to %s, headers that forbid browsers to render, sniff or frame it",
		async (request) => {
			const { headers } = await api.call(request);
			expect(headers).toMatchObject(SECURITY_HEADERS);
			expect(headers).not.toHaveProperty("x-powered-by");
			expect(headers).not.toHaveProperty("server");
		},
	);

	it("allows only its own scripts and no frames for the page at /docs", async () => {
		const page = await api.app.inject({ url: "/docs/" });
		const policy = String(page.headers["content-security-policy"]);
		expect(policy).toContain("default-src 'self'");
		expect(policy).toContain("script-src 'self' 'unsafe-inline'");
		expect(policy).toContain("frame-ancestors 'self'");
		expect(policy).not.toContain("upgrade-insecure-requests");
		expect(page.headers["x-content-type-options"]).toBe("nosniff");
	});
});

describe("a page of another origin", () => {
	it("cannot read an answer unless its origin is in CORS_ORIGINS, which is empty by default", async () => {
		for (const [app, origin] of [
			[api, SHOP],
			[shared, "https://evil.example"],
			[shared, "null"],
			[shared, `${SHOP}.evil.example`],
			[shared, "http://shop.example"],
		] as const) {
			const { headers } = await app.call("GET /movies", { headers: { origin } });
			expect(Object.keys(headers).filter((name) => name.startsWith("access-control-allow-origin"))).toEqual([]);
			expect((await preflight(app, origin)).headers["access-control-allow-origin"]).toBeUndefined();
		}
		expect((await preflight(api, SHOP)).statusCode).toBe(404);
	});

	it("can read answers, problems and their headers, without credentials, if its origin is in CORS_ORIGINS", async () => {
		for (const request of ["GET /movies", "GET /bookings", "GET //nowhere"]) {
			const { headers } = await shared.call(request, { headers: { origin: SHOP } });
			expect(headers["access-control-allow-origin"]).toBe(SHOP);
			expect(headers["access-control-expose-headers"]).toContain("retry-after");
			expect(headers).not.toHaveProperty("access-control-allow-credentials");
			expect(headers.vary).toMatch(/Origin/);
		}
	});

	it("gets a successful preflight if its origin is in CORS_ORIGINS, also for routes that require a signed-in user", async () => {
		const answer = await preflight(shared, SHOP);
		expect(answer.statusCode).toBe(204);
		expect(answer.headers["access-control-allow-origin"]).toBe(SHOP);
		expect(answer.headers["access-control-allow-methods"]).toContain("DELETE");
		expect(answer.headers["access-control-allow-headers"]).toContain("idempotency-key");
	});

	it("gets its own cache entry: answers that vary by token vary by origin too", async () => {
		const showtimeId = await api.newShowtime();
		const { headers } = await shared.call(`GET /showtimes/${showtimeId}/seats`, { headers: { origin: SHOP } });
		expect(headers.vary).toBe("Authorization, Origin");
		expect((await api.call(`GET /showtimes/${showtimeId}/seats`)).headers.vary).toBe("Authorization");
	});
});
