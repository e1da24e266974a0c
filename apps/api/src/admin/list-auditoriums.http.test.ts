import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestAuditorium } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { withoutTables } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	for (const name of ["Saal 2", "Hall 2", "Hall 1", "Hall 1"]) await createTestAuditorium(api, admin, { name });
	const { id } = await createTestAuditorium(api, admin, { name: "Old Hall" });
	await api.call(`DELETE /admin/auditoriums/${id}`, { token: admin.token });
});
afterAll(() => api.close());

const list = (query = "", app: TestApp = api) => app.call(`GET /admin/auditoriums${query}`, { token: admin.token });
const namesIn = (body: unknown): string[] => Object(body).items.map(({ name }: { name: string }) => name);

describe("200", () => {
	it("lists auditoriums by name, archived ones included", async () => {
		expect(namesIn((await list()).body)).toEqual(["Hall 1", "Hall 1", "Hall 2", "Old Hall", "Saal 2"]);
	});

	it("lists only archived auditoriums, or only those in use", async () => {
		expect(namesIn((await list("?archived=true")).body)).toEqual(["Old Hall"]);
		expect(namesIn((await list("?archived=false")).body)).toEqual(["Hall 1", "Hall 1", "Hall 2", "Saal 2"]);
	});

	it("repeats and skips no auditorium from page to page, not even between two of one name", async () => {
		const names: string[] = [];
		const ids = new Set<string>();
		for (let query = "?limit=1"; query !== ""; ) {
			const { items, nextCursor } = Object((await list(query)).body);
			names.push(...namesIn({ items }));
			for (const { id } of items) ids.add(id);
			query = nextCursor === null ? "" : `?limit=1&cursor=${nextCursor}`;
		}
		expect([names, ids.size]).toEqual([["Hall 1", "Hall 1", "Hall 2", "Old Hall", "Saal 2"], 5]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["?limit=0", "/query/limit"],
		["?limit=101", "/query/limit"],
		["?archived=maybe", "/query/archived"],
		["?cursor=nonsense", "/query/cursor"],
		["?q=hall", "/query/q"],
	])("refuses the query %s", async (query, pointer) => {
		const problem = problemIn(await list(query));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		expect(problemIn(await list("", await withoutTables(api))).code).toBe("internal");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		expect(problemIn(await list("", await withoutPostgres(api))).code).toBe("unavailable");
	});
});
