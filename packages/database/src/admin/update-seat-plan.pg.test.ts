import { gridLayout, newSeatPlanId, newUserId, type SeatPlanId, type StaffCommand } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { createAuditorium } from "./create-auditorium.ts";
import { createSeatPlan } from "./create-seat-plan.ts";
import { findAdminSeatPlan, listSeatPlans } from "./list-seat-plans.ts";
import { updateAuditorium } from "./update-auditorium.ts";
import { updateSeatPlan } from "./update-seat-plan.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

const command: StaffCommand = { actor: newUserId(), requestId: "request-0001", reason: null };
const layoutOf = (tier: string) => gridLayout({ rows: 2, seatsPerRow: 3, tiers: [{ id: tier, name: "Tier" }], tierOfRow: () => tier });

async function newAuditoriumWithPlans(tiers: readonly string[]) {
	const fields = { name: "Hall", venue: null, timeZone: "Europe/Vienna", cleaningMinutes: 20, dayStartsAt: "00:00", currency: "EUR" };
	const created = await createAuditorium(ledger.database, fields, command);
	if (created.outcome !== "created") throw new Error("no auditorium was created");
	const plans: SeatPlanId[] = [];
	for (const tier of tiers) {
		const plan = await createSeatPlan(ledger.database, created.row.id, { layout: layoutOf(tier), seatCount: 6, focus: null }, command);
		if (plan.outcome !== "created") throw new Error("no plan was created");
		plans.push(plan.row.id);
	}
	return { auditoriumId: created.row.id, plans };
}
const makeCurrent = (id: SeatPlanId) => updateSeatPlan(ledger.database, id, { changes: { isCurrent: true }, ifVersions: null, command });

describe("updateSeatPlan", () => {
	it("two plans made current at once leave exactly one, in each of 20 rounds", async () => {
		for (let round = 0; round < 20; round += 1) {
			const { auditoriumId, plans } = await newAuditoriumWithPlans(["a", "b", "c"]);
			const [, second, third] = plans;
			if (second === undefined || third === undefined) throw new Error("fewer than three plans were created");
			const results = await Promise.all([makeCurrent(second), makeCurrent(third)]);
			expect(results.map(({ outcome }) => outcome)).toEqual(["changed", "changed"]);
			const page = await listSeatPlans(ledger.database, { auditoriumId, limit: 10, isCurrent: true });
			expect(page.outcome === "page" && page.items.length).toBe(1);
		}
	});

	it("default prices and a plan that does not fit them never both win", async () => {
		for (let round = 0; round < 20; round += 1) {
			const { auditoriumId, plans } = await newAuditoriumWithPlans(["a", "b"]);
			const defaultPrices = { currency: "EUR", prices: { a: 1250 } };
			const results = await Promise.all([
				makeCurrent(plans[1] ?? newSeatPlanId()),
				updateAuditorium(ledger.database, auditoriumId, { changes: { defaultPrices }, ifVersions: null, command }),
			]);
			expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(["changed", "unknown_tiers"]);
		}
	});

	it("keeps the old plan current when the audit row cannot be written", async () => {
		const { plans } = await newAuditoriumWithPlans(["a", "b"]);
		const [first = newSeatPlanId(), second = newSeatPlanId()] = plans;
		const unaudited = { ...command, reason: "" };
		await expect(
			updateSeatPlan(ledger.database, second, { changes: { isCurrent: true }, ifVersions: null, command: unaudited }),
		).rejects.toThrow();
		expect((await findAdminSeatPlan(ledger.database, first))?.plan).toMatchObject({ isCurrent: true, version: 1 });
	});
});

describe("findAdminSeatPlan", () => {
	it("returns the plan with its layout, and null for an unknown id", async () => {
		const { auditoriumId, plans } = await newAuditoriumWithPlans(["a"]);
		const [id = newSeatPlanId()] = plans;
		const found = await findAdminSeatPlan(ledger.database, id);
		expect(found).toEqual({
			plan: {
				id,
				auditoriumId,
				seatCount: 6,
				tiers: [{ id: "a", name: "Tier" }],
				focus: null,
				isCurrent: true,
				version: 1,
				createdAt: expect.any(Number),
			},
			layout: layoutOf("a"),
		});
		expect(await findAdminSeatPlan(ledger.database, newSeatPlanId())).toBeNull();
	});
});

describe("audit_events", () => {
	it("never has a layout", async () => {
		await newAuditoriumWithPlans(["a"]);
		expect(await ledger.rows(sql`select 1 from audit_events where after ? 'layout' or after ? 'rows' or before ? 'rows'`)).toEqual([]);
	});
});
