import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, auditoriumOfNewShowtime, createTestAuditorium } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { whileWritesLosePostgres, withoutTables } from "../testing/provoke.ts";
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

type Options = { query?: string; headers?: Record<string, string>; body?: unknown; app?: TestApp };
const archive = (id: string, { query = "", headers = {}, body, app = api }: Options = {}) =>
	app.call(`DELETE /admin/auditoriums/${id}${query}`, { token: admin.token, headers, body });

describe("200", () => {
	it("archives the auditorium and keeps the reason in the audit trail", async () => {
		const auditorium = await createTestAuditorium(api, admin);
		const answer = await archive(auditorium.id, { query: "?reason=Closed%20for%20good" });
		const { archivedAt, ...rest } = Object(answer.body);
		expect([answer.status, answer.headers.etag, rest]).toEqual([200, '"2"', { ...auditorium, archivedAt: undefined, version: 2 }]);
		expect(Date.parse(archivedAt)).toBeGreaterThanOrEqual(Date.parse(auditorium.createdAt));
		expect((await auditOf(api, auditorium.id)).at(-1)).toMatchObject({
			action: "auditorium.archived",
			before: { archived: false },
			after: { archived: true },
			reason: "Closed for good",
		});
	});

	it("answers a repeat with the same auditorium and writes no second audit row", async () => {
		const { id } = await createTestAuditorium(api, admin);
		const first = await archive(id);
		const second = await archive(id, { body: {} });
		expect([second.status, second.body]).toEqual([200, first.body]);
		expect(await auditOf(api, id)).toHaveLength(2);
	});

	it("archives an auditorium whose showtimes are past or cancelled", async () => {
		const { id, showtimeId } = await auditoriumOfNewShowtime(api);
		await api.sql(`update showtimes set state = 'cancelled' where id = '${showtimeId}'`);
		expect((await archive(id)).status).toBe(200);
		expect((await archive((await auditoriumOfNewShowtime(api, { startsInMs: -1_000 })).id)).status).toBe(200);
	});
});

describe("409 has_showtimes", () => {
	it("refuses while a showtime is to come, says how many, and changes nothing", async () => {
		const { id } = await auditoriumOfNewShowtime(api);
		const problem = problemIn(await archive(id));
		expect([problem.code, problem.count]).toEqual(["has_showtimes", 1]);
		const [row] = await api.sql(`select archived_at, version from auditoriums where id = '${id}'`);
		expect(row).toEqual({ archived_at: null, version: "1" });
	});

	it("waits for a showtime that is being scheduled, and then refuses", async () => {
		const { id, showtimeId } = await auditoriumOfNewShowtime(api, { startsInMs: -1_000 });
		const scheduling = api.sql(`begin;
			insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, occupied_until, time_zone, prices, currency, sales_open_at, sales_close_at)
			select gen_random_uuid(), movie_id, auditorium_id, seat_plan_id, starts_at + interval '2 days', ends_at + interval '2 days', ends_at + interval '2 days', time_zone, prices, currency, sales_open_at, sales_close_at
			from showtimes where id = '${showtimeId}';
			select pg_sleep(0.3); commit`);
		await expect.poll(async () => (await api.sql("select 1 from pg_stat_activity where wait_event = 'PgSleep'")).length).toBe(1);
		expect(problemIn(await archive(id)).code).toBe("has_showtimes");
		await scheduling;
	});
});

describe("412 version_mismatch", () => {
	it("refuses an old version and shows the current auditorium", async () => {
		const auditorium = await createTestAuditorium(api, admin);
		const answer = await archive(auditorium.id, { headers: { "if-match": '"7"' } });
		expect([problemIn(answer).code, answer.headers.etag, problemIn(answer).current]).toEqual(["version_mismatch", '"1"', auditorium]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["?reason=", "/query/reason"],
		[`?reason=${"x".repeat(501)}`, "/query/reason"],
		["?reason=%20", "/query/reason"],
	])("refuses the query %s", async (query, pointer) => {
		const { id } = await createTestAuditorium(api, admin);
		const problem = problemIn(await archive(id, { query }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("accepts a reason of 500 characters, and refuses a reason in the body", async () => {
		const { id } = await createTestAuditorium(api, admin);
		expect(problemIn(await archive(id, { body: { reason: "Closed" } })).errors?.[0]?.pointer).toBe("/reason");
		expect((await archive(id, { query: `?reason=${"x".repeat(500)}` })).status).toBe(200);
	});

	it("refuses an If-Match that is no list of entity tags", async () => {
		const { id } = await createTestAuditorium(api, admin);
		expect(problemIn(await archive(id, { headers: { "if-match": "1" } })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", MISSING_ID])("answers not_found for the auditorium id %s", async (id) => {
		expect(problemIn(await archive(id)).code).toBe("not_found");
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		expect(problemIn(await archive(MISSING_ID, { app: await withoutTables(api) })).code).toBe("internal");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the change", async () => {
		const { id } = await createTestAuditorium(api, admin);
		expect((await whileWritesLosePostgres(api, "auditoriums", () => archive(id))).code).toBe("outcome_unknown");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		expect(problemIn(await archive(MISSING_ID, { app: await withoutPostgres(api) })).code).toBe("unavailable");
	});
});
