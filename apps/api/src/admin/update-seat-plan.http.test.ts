import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, createTestAuditorium, createTestPlan, SMALL_LAYOUT } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { whileWritesLosePostgres, withoutTables } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const MISSING_ID = "0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f";
let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 1_000 } });
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const put = (id: string, body: object, headers: Record<string, string> = {}): Promise<TestAnswer> =>
	api.call(`PUT /admin/plans/${id}`, { token: admin.token, body, headers });
const show = async (id: string) => Object((await api.call(`GET /admin/plans/${id}`, { token: admin.token })).body);
/** An auditorium with `count` plans; the first one is current. */
async function newPlans(count: number) {
	const { id } = await createTestAuditorium(api, admin);
	const plans = [];
	for (let made = 0; made < count; made += 1) plans.push((await createTestPlan(api, admin, id)).id);
	const [first = "", second = "", ...others] = plans;
	return { auditoriumId: id, first, second, others };
}
const currentOf = async (auditoriumId: string) =>
	(await api.sql(`select id from seat_plans where auditorium_id = '${auditoriumId}' and is_current`)).map(({ id }) => id);

describe("200", () => {
	it("sets and clears the focus, and writes one audit row for each change", async () => {
		const { first } = await newPlans(1);
		const focus = { row: 0.5, column: 1.5 };
		const answer = await put(first, { focus });
		expect([answer.status, answer.headers.etag, Object(answer.body).focus]).toEqual([200, '"2"', focus]);
		expect((await put(first, { focus, isCurrent: true })).headers.etag).toBe('"2"');
		expect(Object((await put(first, { focus: null })).body)).toMatchObject({ focus: null, version: 3 });
		expect(await auditOf(api, first)).toMatchObject([
			{ action: "plan.created" },
			{ action: "plan.updated", before: { focus: null }, after: { focus } },
			{ action: "plan.updated", before: { focus }, after: { focus: null } },
		]);
	});

	it("makes a plan current in place of the one that was: each gets a version and an audit row", async () => {
		const { first, second } = await newPlans(2);
		expect(Object((await put(second, { isCurrent: true })).body)).toMatchObject({ isCurrent: true, version: 2 });
		expect(await show(first)).toMatchObject({ isCurrent: false, version: 2 });
		expect((await auditOf(api, first)).at(-1)).toMatchObject({
			action: "plan.updated",
			actor: admin.id,
			before: { isCurrent: true },
			after: { isCurrent: false },
		});
		expect(await auditOf(api, second)).toHaveLength(2);
	});

	it("exactly one plan is current after 6 requests at once that each make one of three plans current", async () => {
		const { auditoriumId, first, second, others } = await newPlans(3);
		const ids = [first, second, ...others];
		const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => put(ids[i % 3] ?? first, { isCurrent: true })));
		expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
		expect(await currentOf(auditoriumId)).toHaveLength(1);
		const switches = (
			await api.sql(`select before from audit_events where action = 'plan.updated' and target_id in ('${ids.join("','")}')`)
		).map(({ before }) => Object(JSON.parse(before ?? "")).isCurrent);
		expect(switches.filter((was) => was)).toHaveLength(switches.length / 2);
	});
});

describe("412 version_mismatch", () => {
	it("gives the second of two editors the current plan without its rows, and changes nothing", async () => {
		const { auditoriumId, first, second } = await newPlans(2);
		await put(second, { focus: { row: 0, column: 0 } }, { "if-match": '"1"' });
		const answer = await put(second, { isCurrent: true }, { "if-match": '"1"' });
		const { rows, ...current } = await show(second);
		expect([answer.headers.etag, problemIn(answer).code, problemIn(answer).current]).toEqual(['"2"', "version_mismatch", current]);
		expect(await currentOf(auditoriumId)).toEqual([first]);
	});

	it("refuses to change a plan on the basis of a version from before another plan replaced it", async () => {
		const { first, second } = await newPlans(2);
		await put(second, { isCurrent: true });
		expect(problemIn(await put(first, { focus: { row: 0, column: 0 } }, { "if-match": '"1"' })).code).toBe("version_mismatch");
	});
});

describe("422 unknown_tiers", () => {
	it("refuses to make a plan current whose tiers the default prices do not name", async () => {
		const { auditoriumId, first } = await newPlans(1);
		const price = (tier: string) => ({ tier, price: { amount: 1250, currency: "EUR" } });
		const setPrices = (defaultPrices: object[] | null) =>
			api.call(`PUT /admin/auditoriums/${auditoriumId}`, { token: admin.token, body: { defaultPrices } });
		await setPrices([price("standard"), price("premium")]);
		const seats = [{ label: "A1", tier: "royal", kind: "standard" }];
		const royal = { tiers: [{ id: "royal", name: "Royal" }], rows: [{ label: "A", seats }] };
		const { id } = await createTestPlan(api, admin, auditoriumId, royal);
		const problem = problemIn(await put(id, { isCurrent: true }));
		expect([problem.code, problem.tiers?.toSorted()]).toEqual(["unknown_tiers", ["premium", "royal", "standard"]]);
		expect(await currentOf(auditoriumId)).toEqual([first]);
		await setPrices(null);
		expect((await put(id, { isCurrent: true })).status).toBe(200);
	});
});

describe("422 unknown_seats", () => {
	it("refuses to make a plan current that lacks a seat of the default blocks", async () => {
		const { auditoriumId, first } = await newPlans(1);
		await api.call(`PUT /admin/auditoriums/${auditoriumId}`, { token: admin.token, body: { defaultBlocks: ["A1", "B3"] } });
		const { id } = await createTestPlan(api, admin, auditoriumId, { ...SMALL_LAYOUT, rows: SMALL_LAYOUT.rows.slice(0, 1) });
		const problem = problemIn(await put(id, { isCurrent: true }));
		expect([problem.code, problem.seats]).toEqual(["unknown_seats", ["B3"]]);
		expect(await currentOf(auditoriumId)).toEqual([first]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, ""],
		[{ isCurrent: false }, "/isCurrent"],
		[{ focus: { row: 0 } }, "/focus/column"],
		[{ focus: { row: 1_001, column: 0 } }, "/focus/row"],
		[{ focus: { row: 0, column: 100_001 } }, "/focus/column"],
		[{ focus: { row: 0, column: 0.3 } }, "/focus/column"],
		[{ rows: [] }, "/rows"],
	])("refuses the change %j and points at the field", async (body, pointer) => {
		const { first } = await newPlans(1);
		const problem = problemIn(await put(first, body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await auditOf(api, first)).toHaveLength(1);
	});

	it("accepts a focus at the bounds", async () => {
		const { first } = await newPlans(1);
		expect((await put(first, { focus: { row: 1_000, column: 100_000 } })).status).toBe(200);
	});

	it("refuses an If-Match that is no list of entity tags", async () => {
		const { first } = await newPlans(1);
		expect(problemIn(await put(first, { focus: null }, { "if-match": "1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", MISSING_ID])("answers not_found for the plan id %s", async (id) => {
		expect(problemIn(await put(id, { focus: null })).code).toBe("not_found");
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		const app = await withoutTables(api);
		const answer = await app.call(`PUT /admin/plans/${MISSING_ID}`, { token: admin.token, body: { focus: null } });
		expect(problemIn(answer).code).toBe("internal");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the change", async () => {
		const { second } = await newPlans(2);
		expect((await whileWritesLosePostgres(api, "seat_plans", () => put(second, { isCurrent: true }))).code).toBe("outcome_unknown");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		const app = await withoutPostgres(api);
		const answer = await app.call(`PUT /admin/plans/${MISSING_ID}`, { token: admin.token, body: { focus: null } });
		expect(problemIn(answer).code).toBe("unavailable");
	});
});
