/** The half of a reschedule that happens in the ledger: what is refused, and what is written. */
import { type newAuditoriumId, newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findShowtime } from "../catalog/find-showtime.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { findAction } from "./find-open-action.ts";
import { type RescheduleRequest, startReschedule } from "./start-reschedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let ledger: TestLedger;
let showtimeId: ShowtimeId;
let startsAt: number;
beforeAll(async () => {
	ledger = await openTestLedger();
	startsAt = ledger.nowMs + 24 * HOUR_MS;
});
afterAll(() => ledger.stop());
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
	await ledger.rows(sql`update showtimes set occupied_until = ends_at + interval '20 minutes' where id = ${showtimeId}`);
});

const command = { actor: newUserId(), requestId: "request-1", reason: "The film is longer." };
const at =
	(instant: number, outcome: "starts" | "showtime_in_past" = "starts") =>
	() =>
		({ outcome: "planned", starts: [{ date: "2031-05-07", time: "20:30", outcome, startsAt: instant }] }) as const;
const start = (plan: RescheduleRequest["plan"], rest: Partial<RescheduleRequest> = {}) =>
	startReschedule(ledger.database, { showtimeId, plan, ifVersions: null, command, ...rest });
const read = async () => (await ledger.rows(sql`select * from showtimes where id = ${showtimeId}`))[0];
const ms = async () =>
	(
		await ledger.rows(
			sql`select (extract(epoch from starts_at) * 1000)::float8 as starts, (extract(epoch from ends_at) * 1000)::float8 as ends,
				(extract(epoch from occupied_until) * 1000)::float8 as occupied, schedule_version as version from showtimes where id = ${showtimeId}`,
		)
	)[0];
const countActions = async () => (await ledger.rows(sql`select id from showtime_actions where showtime_id = ${showtimeId}`)).length;

/** Runs a move that must change nothing, and returns its result. */
async function refused(plan: RescheduleRequest["plan"], rest: Partial<RescheduleRequest> = {}) {
	const [before, actions] = [await read(), await countActions()];
	const result = await start(plan, rest);
	expect([await read(), await countActions()]).toEqual([before, actions]);
	return result;
}

describe("startReschedule", () => {
	it("moves the showtime with its length and the cleaning of the room as of now, and adds the action without an audit row", async () => {
		await ledger.rows(
			sql`update auditoriums set cleaning_minutes = 35 where id = (select auditorium_id from showtimes where id = ${showtimeId})`,
		);
		const to = startsAt + 3 * HOUR_MS;
		const result = await start(at(to), { ifVersions: [7, 1] });
		expect(result).toEqual({ outcome: "started", actionId: expect.any(String), scheduleVersion: 2 });
		expect(await ms()).toEqual({ starts: to, ends: to + 2 * HOUR_MS, occupied: to + 2 * HOUR_MS + 35 * MINUTE_MS, version: 2 });
		const actionId = result.outcome === "started" ? result.actionId : "";
		expect(await findAction(ledger.database, actionId)).toEqual({
			...{ id: actionId, showtimeId, kind: "reschedule", scheduleVersion: 2, command, tries: 0, outcome: null },
			...{ from: { startsAt, endsAt: startsAt + 2 * HOUR_MS }, to: { startsAt: to, endsAt: to + 2 * HOUR_MS } },
			createdAt: expect.any(Number),
		});
		expect(await ledger.rows(sql`select id from audit_events where showtime_id = ${showtimeId}`)).toEqual([]);
	});

	it("a move with extraMinutes takes the running time that the movie has now", async () => {
		await start(at(startsAt), { extraMinutes: 15 });
		expect(await ms()).toMatchObject({ starts: startsAt, ends: startsAt + (104 + 15) * MINUTE_MS, version: 2 });
	});

	it("moves a showtime onto a part of its own slot", async () => {
		expect((await start(at(startsAt + 30 * MINUTE_MS))).outcome).toBe("started");
		expect(await ms()).toMatchObject({ starts: startsAt + 30 * MINUTE_MS, version: 2 });
	});

	it("the time that the showtime has already changes nothing, whatever version is asked for", async () => {
		expect(await refused(at(startsAt), { ifVersions: [9] })).toEqual({ outcome: "unchanged", scheduleVersion: 1 });
	});

	it("refuses a move under another schedule version", async () => {
		expect(await refused(at(startsAt + HOUR_MS), { ifVersions: [2] })).toEqual({ outcome: "version_mismatch", scheduleVersion: 1 });
		expect(await refused(at(startsAt + HOUR_MS), { ifVersions: [] })).toMatchObject({ outcome: "version_mismatch" });
	});

	it("names the showtime in the way and the next free start, and a start at the end of its cleaning is accepted", async () => {
		const [row] = await ledger.rows<{ auditorium_id: ReturnType<typeof newAuditoriumId> }>(
			sql`select auditorium_id from showtimes where id = ${showtimeId}`,
		);
		if (row === undefined) throw new Error("the showtime was not inserted");
		const other = { startsAt: startsAt + 5 * HOUR_MS, occupiedUntil: startsAt + 7 * HOUR_MS + 20 * MINUTE_MS };
		const id = await insertOther(row.auditorium_id, other);
		const clash = {
			outcome: "refused_start",
			start: { outcome: "showtime_clash", with: { id, title: "The Third Man", ...other }, nextFreeStart: other.occupiedUntil },
		};
		expect(await refused(at(startsAt + 3 * HOUR_MS))).toEqual(clash);
		expect(await refused(at(other.occupiedUntil - 1))).toEqual(clash);
		expect((await start(at(other.occupiedUntil))).outcome).toBe("started");
	});

	async function insertOther(auditoriumId: ReturnType<typeof newAuditoriumId>, times: { startsAt: number; occupiedUntil: number }) {
		const id = newShowtimeId();
		await ledger.rows(sql`
			insert into showtimes (id, movie_id, auditorium_id, seat_plan_id, starts_at, ends_at, occupied_until, time_zone, prices, currency, sales_open_at, sales_close_at)
			select ${id}, movie_id, ${auditoriumId}, seat_plan_id, ${new Date(times.startsAt).toISOString()}, ${new Date(times.startsAt + 2 * HOUR_MS).toISOString()},
				${new Date(times.occupiedUntil).toISOString()}, time_zone, prices, currency, sales_open_at, sales_close_at
			from showtimes where id = ${showtimeId}`);
		return id;
	}

	it.each([
		["a cancelled showtime", "showtime_cancelled", sql`state = 'cancelled'`],
		["a showtime that has started", "showtime_closed", sql`starts_at = now() - interval '1 minute'`],
	])("refuses a move of %s", async (_what, outcome, change) => {
		await ledger.rows(sql`update showtimes set ${change} where id = ${showtimeId}`);
		expect(await refused(at(startsAt + HOUR_MS))).toEqual({ outcome });
	});

	it("refuses a showtime that does not exist", async () => {
		expect(await refused(at(startsAt), { showtimeId: newShowtimeId() })).toEqual({ outcome: "not_found" });
	});

	it("refuses starts that cannot be, and says why", async () => {
		const skipped = { date: "2031-05-07", time: "02:30", outcome: "time_skipped", before: 1, after: 2 } as const;
		expect(await refused(() => ({ outcome: "planned", starts: [skipped] }))).toEqual({ outcome: "refused_start", start: skipped });
		expect(await refused(at(1, "showtime_in_past"))).toMatchObject({ start: { outcome: "showtime_in_past" } });
		const twice = { outcome: "time_ambiguous", first: 1, second: 2 } as const;
		expect(await refused(() => twice)).toEqual(twice);
	});

	it("a second move waits until the first is finished: it is refused with the id of the open action, and a repeat of the first returns it", async () => {
		const first = await start(at(startsAt + HOUR_MS));
		const actionId = first.outcome === "started" ? first.actionId : "";
		expect(await refused(at(startsAt + 2 * HOUR_MS))).toEqual({ outcome: "action_open", actionId });
		expect(await refused(at(startsAt + HOUR_MS), { ifVersions: [1] })).toEqual(first);
		await ledger.rows(sql`update showtime_actions set finished_at = now(), outcome = 'done' where id = ${actionId}`);
		expect((await start(at(startsAt + 2 * HOUR_MS))).outcome).toBe("started");
	});

	it("one of 20 moves to different times at once is done, and the other 19 are refused", async () => {
		const moves = await Promise.all(Array.from({ length: 20 }, (_, n) => start(at(startsAt + (n + 1) * MINUTE_MS))));
		const outcomes = moves.map(({ outcome }) => outcome).sort();
		expect(outcomes).toEqual([...Array.from({ length: 19 }, () => "action_open"), "started"]);
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ scheduleVersion: 2 });
	});
});
