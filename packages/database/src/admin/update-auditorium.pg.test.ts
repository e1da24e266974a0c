import { newAuditoriumId, newUserId, type StaffCommand } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import type { Auditorium } from "./admin-auditorium.ts";
import { createAuditorium } from "./create-auditorium.ts";
import { findAuditorium, listAuditoriums } from "./list-auditoriums.ts";
import { archiveAuditorium, updateAuditorium } from "./update-auditorium.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

const command: StaffCommand = { actor: newUserId(), requestId: "request-0001", reason: null };
const FIELDS = { name: "Hall", venue: null, timeZone: "Europe/Vienna", cleaningMinutes: 20, dayStartsAt: "06:00", currency: "EUR" };

async function newAuditorium(fields: Partial<typeof FIELDS> = {}): Promise<Auditorium> {
	const result = await createAuditorium(ledger.database, { ...FIELDS, ...fields }, command);
	if (result.outcome !== "created") throw new Error("no auditorium was created");
	return result.row;
}
const countAudit = async ({ id }: Auditorium) =>
	(await ledger.rows(sql`select 1 from audit_events where target_id = ${id} and actor = ${command.actor}`)).length;

describe("createAuditorium", () => {
	it("refuses a time zone that Postgres does not know, and inserts nothing", async () => {
		const before = await ledger.rows(sql`select count(*)::int as n from auditoriums`);
		expect(await createAuditorium(ledger.database, { ...FIELDS, timeZone: "US/Pacific-New" }, command)).toEqual({
			outcome: "unknown_time_zone",
		});
		expect(await ledger.rows(sql`select count(*)::int as n from auditoriums`)).toEqual(before);
	});
});

describe("updateAuditorium", () => {
	it("writes neither the change nor the version when the audit row cannot be written", async () => {
		const auditorium = await newAuditorium();
		const unaudited = { ...command, reason: "x".repeat(501) };
		await expect(
			updateAuditorium(ledger.database, auditorium.id, { changes: { name: "New" }, ifVersions: null, command: unaudited }),
		).rejects.toThrow();
		expect(await findAuditorium(ledger.database, auditorium.id)).toEqual(auditorium);
		expect(await countAudit(auditorium)).toBe(1);
	});

	it("refuses a new time zone while a showtime is to come, and ignores past and cancelled ones", async () => {
		const { id } = await newAuditorium();
		const [past, soon] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)];
		await ledger.addShowtime({ auditoriumId: id, startsAt: past });
		await ledger.addShowtime({ auditoriumId: id, startsAt: soon, state: "cancelled" });
		const change = (timeZone: string) => updateAuditorium(ledger.database, id, { changes: { timeZone }, ifVersions: null, command });
		expect(await change("Europe/London")).toMatchObject({ outcome: "changed" });
		await ledger.addShowtime({ auditoriumId: id, startsAt: soon });
		expect(await change("Europe/Berlin")).toEqual({ outcome: "has_showtimes", count: 1 });
		expect(await change("Europe/London")).toMatchObject({ outcome: "unchanged" });
	});
});

describe("archiveAuditorium", () => {
	it("archives once when 10 requests arrive at once, and writes one audit row", async () => {
		const auditorium = await newAuditorium();
		const results = await Promise.all(
			Array.from({ length: 10 }, () => archiveAuditorium(ledger.database, auditorium.id, { ifVersions: null, command })),
		);
		const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
		expect([count("changed"), count("unchanged"), await countAudit(auditorium)]).toEqual([1, 9, 2]);
	});

	it("does not find an auditorium that does not exist", async () => {
		expect(await archiveAuditorium(ledger.database, newAuditoriumId(), { ifVersions: null, command })).toEqual({ outcome: "not_found" });
	});
});

describe("listAuditoriums", () => {
	it("pages through auditoriums whose names are long or equal, and refuses a cursor of another list", async () => {
		const name = `Ω${"é".repeat(199)}`;
		const ids = [];
		for (let made = 0; made < 3; made += 1) ids.push((await newAuditorium({ name })).id);
		const seen: string[] = [];
		let cursor: string | undefined;
		do {
			const page = await listAuditoriums(ledger.database, { limit: 2, cursor });
			if (page.outcome !== "page") throw new Error("the cursor was refused");
			seen.push(...page.items.map(({ id }) => id));
			cursor = page.nextCursor ?? undefined;
			expect(cursor?.length ?? 0).toBeLessThanOrEqual(2_000);
		} while (cursor !== undefined);
		expect(seen).toEqual(expect.arrayContaining(ids));
		expect(new Set(seen).size).toBe(seen.length);
		expect(await listAuditoriums(ledger.database, { limit: 2, cursor: "WzFd" })).toEqual({ outcome: "bad_cursor" });
	});
});
