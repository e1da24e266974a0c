import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery, NOWHERE } from "../testing/provoke.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("says that the process runs, at once, whatever its stores do: a restart would not mend those", async () => {
		const orphan = await api.another({ databaseUrl: NOWHERE });
		api.redis.pause();
		const startMs = performance.now();
		const answer = await orphan.call("GET //livez");
		api.redis.resume();
		expect([answer.status, answer.body]).toEqual([200, { status: "ok" }]);
		expect(performance.now() - startMs).toBeLessThan(1_000);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query, which it does not take", () => expectNoQuery(api, "GET //livez"));
});
