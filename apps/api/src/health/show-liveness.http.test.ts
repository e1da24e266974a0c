import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery, UNREACHABLE_POSTGRES } from "../testing/provoke.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("/livez answers ok at once, without Postgres and while Redis is paused", async () => {
		const withoutPostgres = await api.startAnother({ databaseUrl: UNREACHABLE_POSTGRES });
		api.redis.pause();
		const startMs = performance.now();
		const answer = await withoutPostgres.call("GET //livez");
		api.redis.resume();
		expect([answer.status, answer.body]).toEqual([200, { status: "ok" }]);
		expect(performance.now() - startMs).toBeLessThan(1_000);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter at /livez", () => expectNoQuery(api, "GET //livez"));
});
