import { gridLayout, PLAN_ERRORS_PER_KIND_MAX } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, createTestAuditorium, createTestPlan, SMALL_LAYOUT } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { whileWritesLosePostgres, withoutTables } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

const MISSING_ID = "0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e";
const MIB = 1024 * 1024;
let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 1_000 } });
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const newAuditorium = async () => (await createTestAuditorium(api, admin)).id;
const post = (id: string, body: unknown, { query = "", app = api }: { query?: string; app?: TestApp } = {}): Promise<TestAnswer> =>
	app.call(`POST /admin/auditoriums/${id}/plans${query}`, { token: admin.token, body });
const countPlans = async (id: string) => (await api.sql(`select 1 from seat_plans where auditorium_id = '${id}'`)).length;

/** A pretix plan of one zone with two rows of three seats, with a gap in each row. */
const PRETIX_PLAN = {
	name: "Small hall",
	size: { width: 200, height: 100 },
	categories: [{ name: "Regular", color: "#7f4a91" }],
	zones: [
		{
			name: "Parterre",
			zone_id: "z1",
			position: { x: 0, y: 0 },
			areas: [],
			rows: ["A", "B"].map((row, y) => ({
				row_number: row,
				position: { x: 0, y: y * 25 },
				seats: [0, 25, 75].map((x, s) => ({
					seat_number: String(s + 1),
					seat_guid: `${row}-${s + 1}`,
					position: { x, y: 0 },
					category: "Regular",
				})),
			})),
		},
	],
};

describe("201", () => {
	it("adds a plan; only the first one of an auditorium becomes current", async () => {
		const id = await newAuditorium();
		const answer = await post(id, { ...SMALL_LAYOUT, focus: { row: 0.5, column: 2 } });
		expect([answer.status, answer.headers.etag]).toEqual([201, '"1"']);
		expect(Object(answer.body)).toMatchObject({
			auditoriumId: id,
			seatCount: 6,
			tiers: SMALL_LAYOUT.tiers,
			focus: { row: 0.5, column: 2 },
			isCurrent: true,
			version: 1,
		});
		expect((await createTestPlan(api, admin, id)).isCurrent).toBe(false);
	});

	it("the new plan is public at once, with section and position of its rows", async () => {
		const rows = SMALL_LAYOUT.rows.map((row, r) => ({ ...row, section: "Balcony", x: r, y: -2.5, angle: 15 }));
		const { id } = await createTestPlan(api, admin, await newAuditorium(), { format: "holdfast", ...SMALL_LAYOUT, rows });
		expect((await api.call(`GET /plans/${id}`)).body).toEqual({ id, seatCount: 6, tiers: SMALL_LAYOUT.tiers, rows });
	});

	it("writes one audit row with a summary, and never the layout", async () => {
		const auditoriumId = await newAuditorium();
		const plan = await createTestPlan(api, admin, auditoriumId);
		const after = { auditoriumId, seatCount: 6, tiers: SMALL_LAYOUT.tiers, focus: null, isCurrent: true };
		expect(await auditOf(api, plan.id)).toMatchObject([{ action: "plan.created", actor: admin.id, before: null, after }]);
		expect(await auditOf(api, auditoriumId)).toHaveLength(1);
	});

	it("imports a pretix plan, with the kinds that come along", async () => {
		const body = { format: "pretix", plan: PRETIX_PLAN, kinds: { "A-1": "wheelchair" } };
		const plan = await createTestPlan(api, admin, await newAuditorium(), body);
		expect([plan.seatCount, plan.tiers.map(({ name }) => name)]).toEqual([6, ["Regular"]]);
		const rows = Object((await api.call(`GET /plans/${plan.id}`)).body).rows;
		expect(rows[0]).toMatchObject({ label: "A", section: "Parterre" });
		expect(rows[0].seats.map((seat: { kind: string } | null) => seat?.kind ?? null)).toEqual(["wheelchair", "standard", null, "standard"]);
	});

	it("makes exactly one of 10 plans current that are added at once", async () => {
		const id = await newAuditorium();
		const answers = await Promise.all(Array.from({ length: 10 }, () => post(id, SMALL_LAYOUT)));
		expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
		expect(answers.filter(({ body }) => Object(body).isCurrent)).toHaveLength(1);
	});

	it("adds a plan of 50,000 seats", async () => {
		const layout = gridLayout({ rows: 500, seatsPerRow: 100, tiers: [{ id: "standard", name: "Standard" }], tierOfRow: () => "standard" });
		expect((await createTestPlan(api, admin, await newAuditorium(), layout)).seatCount).toBe(50_000);
	});
});

describe("200", () => {
	it("shows in a dry run what would be stored, and stores nothing", async () => {
		const id = await newAuditorium();
		const focus = { row: 0, column: 1 };
		const answer = await post(id, { ...SMALL_LAYOUT, focus }, { query: "?dryRun=true" });
		expect([answer.status, answer.body]).toEqual([200, { seatCount: 6, ...SMALL_LAYOUT, focus, import: null }]);
		expect(await countPlans(id)).toBe(0);
		expect(await auditOf(api, id)).toHaveLength(1);
	});

	it("shows what became of the parts of a pretix plan", async () => {
		const answer = await post(await newAuditorium(), { format: "pretix", plan: PRETIX_PLAN }, { query: "?dryRun=true" });
		expect(Object(answer.body)).toMatchObject({
			seatCount: 6,
			import: { name: "Small hall", rows: 2, seats: 6, gaps: 2, kinds: { standard: 6, wheelchair: 0, companion: 0 } },
		});
	});
});

describe("422 invalid_plan", () => {
	/** 50,002 seats with every kind of error of a layout. */
	const brokenLayout = () => {
		const seat = (label: string) => ({ label, tier: "royal", kind: "sofa" });
		const rows = Array.from({ length: 1_002 }, (_, r) => ({
			label: r < 2 ? "" : "row",
			section: "\u0000",
			x: 1e6,
			angle: 500,
			seats: r === 0 ? [] : Array.from({ length: 50 }, (_, s) => (r < 10 ? seat("too long a label") : seat(`L${s}`))),
		}));
		rows[0]?.seats.push(...Array.from({ length: 2 }, () => seat("")), ...Array(60_000).fill(null));
		const tiers = Array.from({ length: 27 }, () => ({ id: "not an id", name: "" }));
		return { tiers, rows: [...rows, { label: "empty", section: "S", x: 0, angle: 0, seats: [] }] };
	};

	it("counts every error of a plan of 50,000 seats, lists 100 of each kind, and stores nothing", async () => {
		const id = await newAuditorium();
		const problem = problemIn(await post(id, brokenLayout()));
		expect(problem.code).toBe("invalid_plan");
		const totals = Object.fromEntries((problem.totals ?? []).map(({ kind, total }) => [kind, total]));
		expect(totals).toMatchObject({
			unknown_tier: 50_052,
			unknown_kind: 50_052,
			tier_count: 1,
			tier_id: 27,
			duplicate_tier: 26,
			empty_row: 1,
		});
		expect(Object.keys(totals).toSorted()).toEqual(
			[
				...["tier_count", "row_count", "seat_count", "place_count", "tier_id", "tier_name", "duplicate_tier", "row_label"],
				...["duplicate_row_label", "section", "row_position", "empty_row", "seat_label", "duplicate_seat_label", "unknown_tier"],
				"unknown_kind",
			].toSorted(),
		);
		for (const [kind, total] of Object.entries(totals))
			expect(problem.errors?.filter((error) => error.kind === kind)).toHaveLength(Math.min(total, PLAN_ERRORS_PER_KIND_MAX));
		expect([await countPlans(id), (await auditOf(api, id)).length]).toEqual([0, 1]);
	});

	it("points into the pretix plan and its kinds, also in a dry run", async () => {
		const [zone] = PRETIX_PLAN.zones;
		const plan = { ...PRETIX_PLAN, zones: [zone, zone], categories: [] };
		const answer = await post(await newAuditorium(), { format: "pretix", plan, kinds: { nothing: "sofa" } }, { query: "?dryRun=true" });
		const problem = problemIn(answer);
		expect(problem.code).toBe("invalid_plan");
		expect(problem.errors).toContainEqual(
			expect.objectContaining({ pointer: "/plan/zones/0/rows/0/seats/0/category", kind: "unknown_category" }),
		);
		expect(problem.errors).toContainEqual(expect.objectContaining({ pointer: "/kinds/nothing", kind: "kind_mapping" }));
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, ["/tiers", "/rows"]],
		[{ ...SMALL_LAYOUT, plan: PRETIX_PLAN }, ["/plan"]],
		[{ ...SMALL_LAYOUT, kinds: {} }, ["/kinds"]],
		[{ format: "pretix" }, ["/plan"]],
		[{ format: "pretix", plan: PRETIX_PLAN, rows: [] }, ["/rows"]],
		[{ format: "svg" }, ["/format"]],
		[{ format: "pretix", plan: [] }, ["/plan"]],
		[{ ...SMALL_LAYOUT, seatCount: 6 }, ["/seatCount"]],
		[{ ...SMALL_LAYOUT, rows: [{ label: "A", seats: [{ label: 1, tier: "standard", kind: "standard" }] }] }, ["/rows/0/seats/0/label"]],
		[{ ...SMALL_LAYOUT, rows: [{ label: "A", seats: ["A1", "A2"] }] }, ["/rows/0/seats/0"]],
		[{ ...SMALL_LAYOUT, focus: { row: 0.25, column: 0 } }, ["/focus/row"]],
		[{ ...SMALL_LAYOUT, focus: { row: 0, column: -1 } }, ["/focus/column"]],
	])("refuses the body %j and points at its parts", async (body, pointers) => {
		const id = await newAuditorium();
		const problem = problemIn(await post(id, body));
		expect([problem.code, problem.errors?.map(({ pointer }) => pointer)]).toEqual(["invalid_request", pointers]);
		expect(await countPlans(id)).toBe(0);
	});

	it("reports one error of a body with millions of wrong values", async () => {
		const body = `{"tiers":[${"1,".repeat(4 * MIB - 20)}1],"rows":[]}`;
		expect(problemIn(await post(await newAuditorium(), body)).errors).toHaveLength(1);
	});
});

describe("413 payload_too_large", () => {
	it("accepts a body of 8 MiB, and refuses one more byte with the limit of this route", async () => {
		const id = await newAuditorium();
		const small = JSON.stringify({ format: "pretix", plan: { ...PRETIX_PLAN, note: "" } });
		const bodyOf = (bytes: number) => small.replace('"note":""', `"note":"${"x".repeat(bytes - small.length)}"`);
		expect((await post(id, bodyOf(8 * MIB), { query: "?dryRun=true" })).status).toBe(200);
		const problem = problemIn(await post(id, bodyOf(8 * MIB + 1)));
		expect([problem.code, problem.detail]).toEqual(["payload_too_large", expect.stringContaining("8 MiB")]);
		expect(await countPlans(id)).toBe(0);
		const other = problemIn(await api.call("POST /admin/auditoriums", { token: admin.token, body: bodyOf(16 * 1024 + 1) }));
		expect([other.code, other.detail]).toEqual(["payload_too_large", expect.stringContaining("16 KiB")]);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", MISSING_ID])("answers not_found for the auditorium id %s", async (id) => {
		expect(problemIn(await post(id, SMALL_LAYOUT)).code).toBe("not_found");
		expect(problemIn(await post(id, SMALL_LAYOUT, { query: "?dryRun=true" })).code).toBe("not_found");
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		expect(problemIn(await post(MISSING_ID, SMALL_LAYOUT, { app: await withoutTables(api) })).code).toBe("internal");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the insert", async () => {
		const id = await newAuditorium();
		expect((await whileWritesLosePostgres(api, "seat_plans", () => post(id, SMALL_LAYOUT))).code).toBe("outcome_unknown");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		expect(problemIn(await post(MISSING_ID, SMALL_LAYOUT, { app: await withoutPostgres(api) })).code).toBe("unavailable");
	});
});
