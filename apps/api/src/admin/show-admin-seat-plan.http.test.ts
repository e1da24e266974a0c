import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestAuditorium, createTestPlan, SMALL_LAYOUT } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { withoutTables } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

const MISSING_ID = "0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f";
let api: TestApi;
let admin: TestUser;
let auditoriumId: string;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	auditoriumId = (await createTestAuditorium(api, admin)).id;
});
afterAll(() => api.close());

const show = (path: string, app: TestApp = api) => app.call(`GET /admin/plans/${path}`, { token: admin.token });

describe("200", () => {
	it("shows the plan with its rows, and its version as the ETag", async () => {
		const plan = await createTestPlan(api, admin, auditoriumId);
		const answer = await show(plan.id);
		expect([answer.status, answer.headers.etag, answer.body]).toEqual([200, '"1"', { ...plan, rows: SMALL_LAYOUT.rows }]);
	});

	it("is, for format=pretix, the body of a request that adds a plan with the same seats, gaps, tiers and kinds", async () => {
		const plan = await createTestPlan(api, admin, auditoriumId);
		const exported = Object((await show(`${plan.id}?format=pretix`)).body);
		expect([exported.format, exported.plan.name, exported.kinds]).toEqual(["pretix", "Hall 1", { A1: "wheelchair", B1: "wheelchair" }]);
		const copy = await createTestPlan(api, admin, auditoriumId, exported);
		const rowsOf = async (id: string) =>
			Object((await show(id)).body).rows.map(({ label, seats }: { label: string; seats: unknown }) => ({ label, seats }));
		expect([copy.tiers, await rowsOf(copy.id)]).toEqual([SMALL_LAYOUT.tiers, SMALL_LAYOUT.rows]);
	});
});

describe("400 invalid_request", () => {
	it.each(["format=svg", "limit=1"])("refuses the query %s", async (query) => {
		const problem = problemIn(await show(`${MISSING_ID}?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", `/query/${query.split("=")[0]}`]);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", MISSING_ID])("answers not_found for the plan id %s", async (id) => {
		expect(problemIn(await show(id)).code).toBe("not_found");
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		expect(problemIn(await show(MISSING_ID, await withoutTables(api))).code).toBe("internal");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		expect(problemIn(await show(MISSING_ID, await withoutPostgres(api))).code).toBe("unavailable");
	});
});
