import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, createTestAuditorium } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { whileWritesLosePostgres, withoutTables } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const HALL = { name: "Hall 1", timeZone: "Europe/Vienna", currency: "EUR" };
const post = (body: object, app: TestApp = api) => app.call("POST /admin/auditoriums", { token: admin.token, body });

describe("201", () => {
	it("adds an auditorium with defaults for the fields that the body leaves out", async () => {
		const answer = await post(HALL);
		expect([answer.status, answer.headers.etag]).toEqual([201, '"1"']);
		expect(Object(answer.body)).toMatchObject({
			...HALL,
			venue: null,
			cleaningMinutes: 20,
			dayStartsAt: "00:00",
			defaultPrices: null,
			defaultBlocks: [],
			version: 1,
			archivedAt: null,
		});
	});

	it("stores every field, and writes one audit row", async () => {
		const fields = { ...HALL, venue: { name: "Orpheum" }, cleaningMinutes: 30, dayStartsAt: "06:00", timeZone: "Europe/Kyiv" };
		const auditorium = await createTestAuditorium(api, admin, fields);
		const stored = { ...fields, venue: { name: "Orpheum", address: null } };
		expect(auditorium).toMatchObject(stored);
		expect((await api.call(`GET /admin/auditoriums/${auditorium.id}`, { token: admin.token })).body).toEqual(auditorium);
		expect(await auditOf(api, auditorium.id)).toMatchObject([
			{ action: "auditorium.created", actor: admin.id, before: null, after: stored },
		]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ timeZone: "Europe/Vienna", currency: "EUR" }, "/name"],
		[{ ...HALL, timeZone: "Mars/Olympus" }, "/timeZone"],
		[{ ...HALL, currency: "DM" }, "/currency"],
		[{ ...HALL, defaultBlocks: ["A1"] }, "/defaultBlocks"],
	])("refuses the auditorium %j and points at the field", async (body, pointer) => {
		const problem = problemIn(await post(body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("refuses a time zone that only Node knows, so that lists by date never compute with a zone unknown to Postgres", async () => {
		// The IANA database removed this link in 2020; ICU, which Node uses, still has it.
		const problem = problemIn(await post({ ...HALL, timeZone: "US/Pacific-New" }));
		expect(problem.errors).toEqual([{ pointer: "/timeZone", message: "is not a time zone that the database knows" }]);
		expect(await api.sql("select 1 from auditoriums where time_zone = 'US/Pacific-New'")).toEqual([]);
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		expect(problemIn(await post(HALL, await withoutTables(api))).code).toBe("internal");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the insert", async () => {
		expect((await whileWritesLosePostgres(api, "auditoriums", () => post(HALL))).code).toBe("outcome_unknown");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		expect(problemIn(await post(HALL, await withoutPostgres(api))).code).toBe("unavailable");
	});
});
