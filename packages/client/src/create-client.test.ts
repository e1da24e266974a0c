import { describe, expect, it } from "vitest";
import { createClient } from "./create-client.ts";

const PROBLEM = { code: "seats_taken", status: 409, seats: ["A1"] };
const HOLD = { showtimeId: "0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05", seats: ["A1"] };

function record(answer: () => Response) {
	const requests: Request[] = [];
	const fetch = async (request: Request) => {
		requests.push(request);
		return answer();
	};
	return { requests, client: createClient({ baseUrl: "http://api.test", retry: false, fetch }) };
}

const json = (body: unknown, status: number, headers: Record<string, string> = {}) =>
	new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...headers } });

describe("createClient", () => {
	it("adds a new idempotency key to every hold that has none", async () => {
		const { requests, client } = record(() => json(PROBLEM, 409));
		for (const header of [{}, {}, { "idempotency-key": "mine" }]) await client.POST("/api/v1/bookings", { body: HOLD, params: { header } });
		const [first, second, third] = requests.map(({ headers }) => headers.get("idempotency-key"));
		expect(first).toMatch(/^[0-9a-f]{32}$/);
		expect(second).toMatch(/^[0-9a-f]{32}$/);
		expect(second).not.toBe(first);
		expect(third).toBe("mine");
		await client.POST("/api/v1/bookings/{id}/confirm", { params: { path: { id: "1" } } });
		expect(requests[3]?.headers.has("idempotency-key")).toBe(false);
	});

	it("resolves to the problem as error when the API refuses a request", async () => {
		const { data, error } = await record(() => json(PROBLEM, 409)).client.POST("/api/v1/bookings", { body: HOLD });
		expect([data, error]).toEqual([undefined, PROBLEM]);
		expect(error?.code === "seats_taken" && error.seats).toEqual(["A1"]);
	});

	it("sets its clock from the server time of every answer", async () => {
		const serverTime = new Date(Date.now() + 3_600_000).toISOString();
		const { client } = record(() => json({}, 200, { "x-server-time": serverTime }));
		await client.GET("/livez");
		expect(Math.abs(client.clock.now() - Date.now() - 3_600_000)).toBeLessThan(5_000);
	});
});

it("the client ignores the server time of answers that a cache may have stored", async () => {
	const threeDaysAgo = new Date(Date.now() - 3 * 86_400_000).toISOString();
	const cached = (headers: Record<string, string>) => new Response("{}", { headers: { "x-server-time": threeDaysAgo, ...headers } });
	const answers = [cached({ "cache-control": "public, max-age=31536000, immutable" }), cached({ age: "259200" })];
	const client = createClient({
		baseUrl: "http://api.test",
		fetch: async () => answers.shift() ?? cached({ "cache-control": "no-store" }),
	});
	for (let answer = 0; answer < 2; answer += 1) await client.GET("/livez");
	expect(Math.abs(client.clock.now() - Date.now())).toBeLessThan(1_000);
	await client.GET("/livez");
	expect(Date.now() - client.clock.now()).toBeGreaterThan(2 * 86_400_000);
});
