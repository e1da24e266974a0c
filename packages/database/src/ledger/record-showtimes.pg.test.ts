/** What becomes of a showtime when what an admin changed is settled. */
import { bucketOf, newShowtimeId, type OutboxEntry, PRICE_MAX, type ShowtimeEvent, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findShowtime } from "../catalog/find-showtime.ts";
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

async function settle(...events: (ShowtimeEvent | OutboxEntry)[]) {
	const entries = events.map((each) => ("entryId" in each ? each : ledger.entryOf(each)));
	const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries });
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	return outcome;
}

const change = (overrides: Partial<ShowtimeEvent> = {}) => ledger.showtimeEventOf(showtimeId, overrides);
const history = () =>
	ledger.rows(sql`select type, showtime_version, schedule_version from showtime_events where showtime_id = ${showtimeId} order by seq`);
const blocked = async () =>
	(await ledger.rows<{ blocked_seats: number[] }>(sql`select blocked_seats from showtimes where id = ${showtimeId}`))[0]?.blocked_seats;

describe("what is settled", () => {
	it("a change is in the showtime to the millisecond, and in its history as it came", async () => {
		const now = ledger.nowMs;
		const terms = { state: "paused", priceVersion: 4, prices: { standard: 990, vip: 0 }, currency: "CHF" } as const;
		const instants = { salesOpenAt: now + 1, salesCloseAt: now + 2, startsAt: now + 3, endsAt: now + 4 };
		const event = change({ ...terms, ...instants, showtimeVersion: 7, scheduleVersion: 5, blockedSeats: [99, 0, 42] });
		const entry = ledger.entryOf(event);
		expect(await settle(entry)).toMatchObject({ acked: [entry.entryId], recorded: 1, deadLettered: [], cancelledByShowtime: 0 });
		const expected = { ...terms, ...instants, showtimeVersion: 7, scheduleVersion: 5 };
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject(expected);
		expect(await blocked()).toEqual([0, 42, 99]);
		const rows = await ledger.rows(
			sql`select type, bucket, payload, (extract(epoch from at) * 1000)::float8 as at from showtime_events where showtime_id = ${showtimeId}`,
		);
		expect(rows).toEqual([{ type: "showtime.restated", bucket: bucketOf(showtimeId), at: event.at, payload: entry.event }]);
	});

	it("each group rises by its own version: an old account of the other changes nothing", async () => {
		const before = await findShowtime(ledger.database, showtimeId);
		const startsAt = ledger.nowMs + 5_000;
		await settle(change({ showtimeVersion: 2, state: "paused", scheduleVersion: 1, startsAt }));
		expect(await findShowtime(ledger.database, showtimeId)).toEqual({ ...before, showtimeVersion: 2, state: "paused" });
		await settle(change({ showtimeVersion: 1, state: "closed", scheduleVersion: 2, startsAt }));
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({
			showtimeVersion: 2,
			state: "paused",
			scheduleVersion: 2,
			startsAt,
		});
	});

	it("events of one batch fold to the highest version of each group, whichever order they come in", async () => {
		const other = await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) });
		const [early, late] = [ledger.nowMs + 1_000, ledger.nowMs + 2_000];
		const outcome = await settle(
			change({ showtimeVersion: 4, state: "closed", scheduleVersion: 2, startsAt: early }),
			change({ showtimeVersion: 3, state: "paused", scheduleVersion: 3, startsAt: late }),
			{ ...change({ showtimeVersion: 2, state: "paused", scheduleVersion: 1 }), showtimeId: other },
		);
		expect(outcome.recorded).toBe(3);
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ state: "closed", showtimeVersion: 4, startsAt: late });
		expect(await findShowtime(ledger.database, other)).toMatchObject({ state: "paused", showtimeVersion: 2, scheduleVersion: 1 });
		expect(await history()).toHaveLength(2);
	});

	it("a batch delivered again changes nothing; an older event that comes late is history only", async () => {
		const entry = ledger.entryOf(change({ type: "showtime.paused", showtimeVersion: 5, state: "paused", scheduleVersion: 1 }));
		await settle(entry);
		const before = await ledger.dump();
		expect(await settle(entry)).toMatchObject({ acked: [entry.entryId], recorded: 0 });
		expect(await ledger.dump()).toEqual(before);
		await settle(change({ type: "showtime.opened", showtimeVersion: 4, scheduleVersion: 1 }));
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ state: "paused", showtimeVersion: 5 });
		expect(await history()).toEqual([
			{ type: "showtime.paused", showtime_version: 5, schedule_version: 1 },
			{ type: "showtime.opened", showtime_version: 4, schedule_version: 1 },
		]);
	});

	it("one written under an older epoch is left, and changes nothing", async () => {
		await ledger.open(showtimeId);
		const outcome = await settle(ledger.entryOf(change({ state: "closed" }), { epoch: 0 }));
		expect(outcome).toMatchObject({ acked: [], left: [showtimeId], recorded: 0 });
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ state: "open", showtimeVersion: 1 });
	});

	it("one that tells nothing new counts in the bucket's numbers like any other", async () => {
		const [first, second] = [ledger.entryOf(change()), ledger.entryOf(change())];
		await settle(first);
		expect((await settle(second)).gap).toBeNull();
		const [row] = await ledger.rows(sql`select seq::int from buckets where bucket = ${bucketOf(showtimeId)}`);
		expect(row).toEqual({ seq: second.event?.seq });
	});
});

describe("what can never be settled is buried alone", () => {
	it.each([
		["of a showtime the ledger does not have", "unknown_showtime", () => change({ showtimeId: newShowtimeId(bucketOf(showtimeId)) })],
		["of another bucket", "wrong_bucket", () => change({ showtimeId: newShowtimeId((bucketOf(showtimeId) + 1) % 16) })],
		["that blocks a seat outside the plan", "unknown_seat", () => change({ blockedSeats: [99, 100] })],
		["that blocks a seat below the first", "unknown_seat", () => change({ blockedSeats: [-1] })],
		["that blocks half a seat", "unknown_seat", () => change({ blockedSeats: [1.5] })],
		["that blocks a seat twice", "repeated_seat", () => change({ blockedSeats: [5, 5] })],
		["at an instant beyond the calendar", "impossible_instant", () => change({ at: Number.MAX_SAFE_INTEGER })],
		["that starts beyond the calendar", "impossible_instant", () => change({ startsAt: Number.MAX_SAFE_INTEGER })],
		["that closes before it opens", "impossible_value", () => change({ salesCloseAt: 1, salesOpenAt: 2 })],
		["that ends as it starts", "impossible_value", () => change({ startsAt: 2, endsAt: 2 })],
		["with a currency that is none", "impossible_value", () => change({ currency: "euro" })],
		["with a price below nothing", "impossible_value", () => change({ prices: { standard: -1 } })],
		["with a price beyond the bound", "impossible_value", () => change({ prices: { standard: PRICE_MAX + 1 } })],
		["with a number too large", "22003", () => change({ showtimeVersion: 3_000_000_000 })],
		["with an instant before the calendar of Postgres", "22008", () => change({ at: -8_640_000_000_000_000 })],
		["with a character that Postgres cannot store", "22P05", () => change({ prices: { "sta\0ndard": 1 } })],
	])("a change %s", async (_, code, poisonous) => {
		const poison = ledger.entryOf(poisonous());
		const fine = ledger.entryOf(change({ showtimeVersion: 3, scheduleVersion: 1, blockedSeats: [98, 99] }));
		const outcome = await settle(poison, fine);
		expect(new Set(outcome.acked)).toEqual(new Set([poison.entryId, fine.entryId]));
		expect(outcome).toMatchObject({ deadLettered: [poison.entryId], recorded: 1 });
		const [letter] = await ledger.rows(sql`select error_code, raw from dead_letters where entry_id = ${poison.entryId}`);
		expect(letter).toEqual({ error_code: code, raw: poison.raw });
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ showtimeVersion: 3, scheduleVersion: 1 });
		expect(await blocked()).toEqual([98, 99]);
	});

	it("a flawed one that a later one repeats mended is buried too", async () => {
		const poison = ledger.entryOf(change({ showtimeVersion: 2, currency: "euro" }));
		const outcome = await settle(poison, change({ showtimeVersion: 3, currency: "EUR" }));
		expect(outcome.deadLettered).toEqual([poison.entryId]);
		expect(await history()).toHaveLength(1);
	});
});
