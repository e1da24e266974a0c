import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestAuditorium, createTestPlan } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { withoutTables } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

const MISSING_ID = "0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e";
let api: TestApi;
let admin: TestUser;
let auditoriumId: string;
/** Newest first. */
const planIds: string[] = [];
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	auditoriumId = (await createTestAuditorium(api, admin)).id;
	for (let made = 0; made < 3; made += 1) planIds.unshift((await createTestPlan(api, admin, auditoriumId)).id);
	await createTestPlan(api, admin, (await createTestAuditorium(api, admin)).id);
});
afterAll(() => api.close());

const list = (query = "", { id = auditoriumId, app = api }: { id?: string; app?: TestApp } = {}) =>
	app.call(`GET /admin/auditoriums/${id}/plans${query}`, { token: admin.token });
const idsIn = (body: unknown): string[] => Object(body).items.map(({ id }: { id: string }) => id);

describe("200", () => {
	it("lists the plans of one auditorium, newest first, without their rows", async () => {
		const { body } = await list();
		expect(idsIn(body)).toEqual(planIds);
		expect(Object.keys(Object(body).items[0])).not.toContain("rows");
	});

	it("lists only the current plan, or only the others", async () => {
		expect(idsIn((await list("?isCurrent=true")).body)).toEqual(planIds.slice(2));
		expect(idsIn((await list("?isCurrent=false")).body)).toEqual(planIds.slice(0, 2));
	});

	it("repeats and skips no plan from page to page, not even among plans of one millisecond", async () => {
		await api.sql(`update seat_plans set created_at = '2026-11-01' where auditorium_id = '${auditoriumId}'`);
		const ids: string[] = [];
		for (let query = "?limit=1"; query !== ""; ) {
			const { items, nextCursor } = Object((await list(query)).body);
			ids.push(...idsIn({ items }));
			query = nextCursor === null ? "" : `?limit=1&cursor=${nextCursor}`;
		}
		expect(ids.toSorted()).toEqual(planIds.toSorted());
	});

	it("is empty for an auditorium without plans", async () => {
		const { id } = await createTestAuditorium(api, admin);
		expect((await list("", { id })).body).toEqual({ items: [], nextCursor: null });
	});
});

describe("400 invalid_request", () => {
	it.each([
		["?limit=0", "/query/limit"],
		["?limit=101", "/query/limit"],
		["?isCurrent=maybe", "/query/isCurrent"],
		["?cursor=nonsense", "/query/cursor"],
	])("refuses the query %s", async (query, pointer) => {
		const problem = problemIn(await list(query));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", MISSING_ID])("answers not_found for the auditorium id %s", async (id) => {
		expect(problemIn(await list("", { id })).code).toBe("not_found");
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		expect(problemIn(await list("", { app: await withoutTables(api) })).code).toBe("internal");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		expect(problemIn(await list("", { app: await withoutPostgres(api) })).code).toBe("unavailable");
	});
});
