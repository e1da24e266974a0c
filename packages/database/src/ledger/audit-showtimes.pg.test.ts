/** Tests the audit rows of changes that staff made to showtimes: one per settled change, exactly once, in order. */
import { bucketOf, newUserId, type OutboxEntry, type ShowtimeEvent, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { settleBatch } from "./settle-batch.ts";

let ledger: TestLedger;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
});

const HOUR_MS = 3_600_000;
/** A user without an account: the trail outlives accounts. */
const actor = newUserId();
const command = (reason: string | null = null): StaffCommand => ({ actor, requestId: "request-1", reason });

/** Returns an event of staff, with the schedule as it was inserted unless the overrides say otherwise. */
const change = (type: ShowtimeEvent["type"], showtimeVersion: number, overrides: Partial<ShowtimeEvent> = {}): ShowtimeEvent =>
	ledger.showtimeEventOf(showtimeId, { type, showtimeVersion, scheduleVersion: 1, command: command(), ...overrides });

async function settle(...events: (ShowtimeEvent | OutboxEntry)[]) {
	const entries = events.map((each) => ("entryId" in each ? each : ledger.entryOf(each)));
	const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries });
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	return outcome;
}

/** Returns the action of each row and the changed fields before and after, in the order in which the rows were written. */
const trail = async () =>
	(
		await ledger.rows<{ action: string; before: unknown; after: unknown }>(
			sql`select action, before, after from audit_events where showtime_id = ${showtimeId} order by id`,
		)
	).map(({ action, before, after }) => [action, before, after]);
const history = async () =>
	(
		await ledger.rows<{ type: string }>(sql`select type from showtime_events where showtime_id = ${showtimeId} order by showtime_version`)
	).map(({ type }) => type);
const iso = (ms: number): string => new Date(ms).toISOString();

describe("a settled change of staff", () => {
	it("has an audit row with who made it, when, in which request and why, to the millisecond and character", async () => {
		const reason = 'it\'s "odd"\n\t\u{1F39F}\u2028 %s {1} \\';
		const event = change("showtime.paused", 2, { state: "paused", command: command(reason) });
		await settle(event);
		const rows = await ledger.rows(
			sql`select actor, action, target_type, target_id, showtime_id, before, after, reason, request_id, (extract(epoch from at) * 1000)::float8 as at,
				recorded_at > now() - interval '1 minute' and recorded_at <= now() as is_recorded_now
			from audit_events where showtime_id = ${showtimeId}`,
		);
		expect(rows).toEqual([
			{
				...{ actor, action: "showtime.paused", target_type: "showtime", target_id: showtimeId, showtime_id: showtimeId },
				...{ before: { state: "open" }, after: { state: "paused" }, reason, request_id: "request-1", at: event.at, is_recorded_now: true },
			},
		]);
	});

	it.each<[ShowtimeEvent["type"], Partial<ShowtimeEvent>, object, object]>([
		["showtime.closed", { state: "closed" }, { state: "open" }, { state: "closed" }],
		["showtime.cancelled", { state: "cancelled" }, { state: "open" }, { state: "cancelled" }],
		["showtime.repriced", { prices: { standard: 1 } }, { prices: { standard: 1250 } }, { prices: { standard: 1 } }],
		["showtime.seats_blocked", { blockedSeats: [0, 11, 99] }, { blockedSeats: [] }, { blockedSeats: ["A1", "B2", "J10"] }],
	])("names only the changed fields of the first event, before as in the showtime's row: %s", async (type, fields, before, after) => {
		await settle(change(type, 2, fields));
		expect(await trail()).toEqual([[type, before, after]]);
	});

	it("names the instants of a sales window that changed, as ISO 8601", async () => {
		const { salesOpenAt, salesCloseAt } = change("showtime.window_set", 2);
		await settle(change("showtime.window_set", 2, { salesCloseAt: salesCloseAt - 1 }));
		const close = [{ salesCloseAt: iso(salesCloseAt) }, { salesCloseAt: iso(salesCloseAt - 1) }];
		await settle(change("showtime.window_set", 3, { salesOpenAt: salesOpenAt + 1, salesCloseAt: salesCloseAt - 1 }));
		const opening = [{ salesOpenAt: iso(salesOpenAt) }, { salesOpenAt: iso(salesOpenAt + 1) }];
		expect(await trail()).toEqual([
			["showtime.window_set", ...close],
			["showtime.window_set", ...opening],
		]);
	});

	it("of several terms has one row with all of them", async () => {
		const terms = { state: "paused", prices: { standard: 990 }, priceVersion: 2 } as const;
		await settle(change("showtime.terms_set", 2, terms));
		expect(await trail()).toEqual([
			["showtime.terms_set", { state: "open", prices: { standard: 1250 } }, { state: "paused", prices: { standard: 990 } }],
		]);
	});

	it("takes the values before from the event before it, whether that is in the same batch or an earlier one", async () => {
		const steps = [
			change("showtime.paused", 2, { state: "paused" }),
			change("showtime.repriced", 3, { state: "paused", prices: { standard: 2 } }),
			change("showtime.opened", 4, { prices: { standard: 2 } }),
			change("showtime.repriced", 5, { prices: { standard: 3 } }),
			change("showtime.closed", 6, { state: "closed", prices: { standard: 3 } }),
		] as const;
		const expected = [
			["showtime.paused", { state: "open" }, { state: "paused" }],
			["showtime.repriced", { prices: { standard: 1250 } }, { prices: { standard: 2 } }],
			["showtime.opened", { state: "paused" }, { state: "open" }],
			["showtime.repriced", { prices: { standard: 2 } }, { prices: { standard: 3 } }],
			["showtime.closed", { state: "open" }, { state: "closed" }],
		];
		await settle(...steps);
		expect(await trail()).toEqual(expected);
		showtimeId = await ledger.addShowtime();
		for (const { type, showtimeVersion, state, prices } of steps) await settle(change(type, showtimeVersion, { state, prices }));
		expect(await trail()).toEqual(expected);
	});

	it("of blocked seats names only the seats that the command changed, by their labels", async () => {
		await settle(
			change("showtime.seats_blocked", 2, { blockedSeats: [0, 1, 2] }),
			change("showtime.seats_blocked", 3, { blockedSeats: [0, 1, 2, 10, 11] }),
			change("showtime.seats_unblocked", 4, { blockedSeats: [0, 2, 10, 11] }),
		);
		expect(await trail()).toEqual([
			["showtime.seats_blocked", { blockedSeats: [] }, { blockedSeats: ["A1", "A2", "A3"] }],
			["showtime.seats_blocked", { blockedSeats: [] }, { blockedSeats: ["B1", "B2"] }],
			["showtime.seats_unblocked", { blockedSeats: ["A2"] }, { blockedSeats: [] }],
		]);
	});

	it("of the schedule names the time before the move, though the ledger's row has the new one already", async () => {
		const { startsAt, endsAt, salesCloseAt } = change("showtime.rescheduled", 1);
		const [later, until] = [startsAt + HOUR_MS, endsAt + HOUR_MS];
		await ledger.rows(sql`
			update showtimes set starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour',
				occupied_until = occupied_until + interval '1 hour', schedule_version = 2 where id = ${showtimeId}`);
		const moved = { startsAt: later, endsAt: until, scheduleVersion: 2, movedFrom: { startsAt, endsAt } };
		await settle(change("showtime.rescheduled", 2, { ...moved, salesCloseAt: later }));
		expect(await trail()).toEqual([
			[
				"showtime.rescheduled",
				{ startsAt: iso(startsAt), endsAt: iso(endsAt), salesCloseAt: iso(salesCloseAt) },
				{ startsAt: iso(later), endsAt: iso(until), salesCloseAt: iso(later) },
			],
		]);
	});

	it("that only moved the schedule names neither terms nor an end of sales that stayed", async () => {
		const { startsAt, endsAt } = change("showtime.rescheduled", 1);
		const moved = { startsAt: startsAt + 1, scheduleVersion: 2, movedFrom: { startsAt, endsAt } };
		await settle(change("showtime.rescheduled", 1, moved));
		expect(await trail()).toEqual([["showtime.rescheduled", { startsAt: iso(startsAt) }, { startsAt: iso(startsAt + 1) }]]);
	});
});

describe("no audit row", () => {
	it("is written for a change that no staff made, and a later row takes its values before from that change", async () => {
		await settle(
			change("showtime.paused", 2, { state: "paused", command: null }),
			change("showtime.restated", 3, { state: "paused", command: null }),
		);
		expect(await trail()).toEqual([]);
		await settle(change("showtime.closed", 4, { state: "closed" }));
		expect(await trail()).toEqual([["showtime.closed", { state: "paused" }, { state: "closed" }]]);
	});

	it("is written for an event of an older epoch, which stays in the outbox", async () => {
		await ledger.openInNewEpoch(showtimeId);
		expect(await settle(ledger.entryOf(change("showtime.paused", 2), { epoch: 0 }))).toMatchObject({ acked: [], recorded: 0 });
		expect(await trail()).toEqual([]);
	});
});

describe("exactly one audit row per change", () => {
	const paused = () => change("showtime.paused", 2, { state: "paused" });
	const ROW = ["showtime.paused", { state: "open" }, { state: "paused" }];

	it("is written when the event is delivered twice in one batch, and again in later ones", async () => {
		const entry = ledger.entryOf(paused());
		await settle(entry, { ...entry, entryId: `${entry.entryId}9` });
		expect(await trail()).toEqual([ROW]);
		const before = await ledger.dump();
		expect(await settle(entry)).toMatchObject({ acked: [entry.entryId], recorded: 0 });
		expect(await ledger.dump()).toEqual(before);
	});

	it("is written for each of eight settlers that race to settle the same changes", async () => {
		const entries = Array.from({ length: 20 }, (_, i) => {
			const isPause = i % 2 === 0;
			return ledger.entryOf(change(isPause ? "showtime.paused" : "showtime.opened", i + 2, { state: isPause ? "paused" : "open" }));
		});
		const bucket = bucketOf(showtimeId);
		await Promise.all(Array.from({ length: 8 }, () => settleBatch(ledger.database, { bucket, entries })));
		await settle(...entries);
		expect((await trail()).map(([action]) => action)).toEqual(entries.map(({ event }) => event?.type));
	});

	it("is written in order when a poison entry makes Postgres refuse the batch, and it is recorded in parts", async () => {
		const poison = ledger.entryOf(change("showtime.repriced", 5, { command: command("x".repeat(501)) }));
		const others = [
			change("showtime.paused", 2, { state: "paused" }),
			change("showtime.opened", 3),
			change("showtime.closed", 4, { state: "closed" }),
			change("showtime.opened", 6),
			change("showtime.paused", 7, { state: "paused" }),
		];
		const outcome = await settle(...others.slice(0, 3), poison, ...others.slice(3));
		expect(outcome).toMatchObject({ recorded: 5, deadLettered: [poison.entryId] });
		expect((await trail()).map(([action, before]) => [action, before])).toEqual([
			["showtime.paused", { state: "open" }],
			["showtime.opened", { state: "paused" }],
			["showtime.closed", { state: "open" }],
			["showtime.opened", { state: "closed" }],
			["showtime.paused", { state: "open" }],
		]);
		const [letter] = await ledger.rows(sql`select error_code from dead_letters where entry_id = ${poison.entryId}`);
		expect(letter).toEqual({ error_code: "23514" });
	});

	it("is written when a dead-lettered change is put back after later ones, with the values before that change", async () => {
		const first = change("showtime.paused", 2, { state: "paused" });
		const late = change("showtime.repriced", 3, { state: "paused", prices: { standard: 7 } });
		const later = change("showtime.opened", 4, { prices: { standard: 7 } });
		const poison = ledger.entryOf({ ...late, currency: "euro" });
		expect((await settle(first, poison, later)).deadLettered).toEqual([poison.entryId]);
		const replay = { ...poison, entryId: `${poison.entryId}9`, event: late };
		expect(await settle(replay)).toMatchObject({ recorded: 1, deadLettered: [] });
		expect(await settle(replay)).toMatchObject({ recorded: 0 });
		expect(await trail()).toEqual([
			["showtime.paused", { state: "open" }, { state: "paused" }],
			["showtime.opened", { state: "paused" }, { state: "open" }],
			["showtime.repriced", { prices: { standard: 1250 } }, { prices: { standard: 7 } }],
		]);
	});

	it("is written, without the values before, when the first change of a showtime is put back after a later one", async () => {
		await settle(change("showtime.closed", 3, { state: "closed" }));
		await settle(paused());
		expect(await trail()).toEqual([
			["showtime.closed", { state: "open" }, { state: "closed" }],
			["showtime.paused", null, { state: "paused" }],
		]);
	});

	it("is written when a rebuild has restated the change since it was dead-lettered, in an earlier batch or in the same one", async () => {
		const restatementOf = (event: ShowtimeEvent) => ({ ...event, type: "showtime.restated", command: null }) as const;
		const closed = () => change("showtime.closed", 3, { state: "closed" });
		const bothRows = [ROW, ["showtime.closed", { state: "paused" }, { state: "closed" }]];
		const expectBoth = async () => expect([await trail(), await history()]).toEqual([bothRows, ["showtime.paused", "showtime.closed"]]);
		await settle(paused(), restatementOf(closed()));
		expect([await trail(), await history()]).toEqual([[ROW], ["showtime.paused", "showtime.restated"]]);
		const replay = ledger.entryOf(closed());
		expect(await settle(replay)).toMatchObject({ recorded: 1 });
		expect(await settle(replay, restatementOf(closed()))).toMatchObject({ recorded: 0 });
		await expectBoth();

		showtimeId = await ledger.addShowtime();
		const again = ledger.entryOf(closed());
		await settle(paused(), restatementOf(closed()), again, { ...again, entryId: `${again.entryId}9` });
		await expectBoth();
	});

	it("is written for a change whose event before it is missing, though no field differs", async () => {
		await settle(change("showtime.opened", 3));
		expect(await trail()).toEqual([["showtime.opened", { state: "open" }, { state: "open" }]]);
	});
});
