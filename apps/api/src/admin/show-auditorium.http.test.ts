import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestAuditorium } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { expectNoQuery, withoutTables } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

const MISSING_ID = "0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e";
let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const show = (id: string, app: TestApp = api) => app.call(`GET /admin/auditoriums/${id}`, { token: admin.token });

describe("200", () => {
	it("shows an auditorium with its version as the ETag, also an archived one", async () => {
		const auditorium = await createTestAuditorium(api, admin);
		const answer = await show(auditorium.id);
		expect([answer.status, answer.headers.etag, answer.body]).toEqual([200, '"1"', auditorium]);
		const archived = await api.call(`DELETE /admin/auditoriums/${auditorium.id}`, { token: admin.token });
		expect((await show(auditorium.id)).body).toEqual(archived.body);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter", async () => {
		await expectNoQuery(api, `GET /admin/auditoriums/${MISSING_ID}`, admin.token);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", MISSING_ID])("answers not_found for the auditorium id %s", async (id) => {
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
