/** Tests settling of the changes that an admin made to showtimes. */
import {
	type AuditoriumId,
	bucketOf,
	newShowtimeId,
	type OutboxEntry,
	PRICE_MAX,
	type ShowtimeEvent,
	type ShowtimeId,
} from "@holdfast/domain";
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

describe("settling a showtime event", () => {
	it("updates the showtime with millisecond precision, and adds the whole event to its history", async () => {
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

	it("updates terms and schedule by their own versions, and ignores an outdated version of either", async () => {
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

	it("applies the highest version of each group in a batch, in any order of the events", async () => {
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

	it("changes nothing on redelivery, and adds a late, older event to the history only", async () => {
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

	it("leaves an event of an older epoch in the stream and changes nothing", async () => {
		await ledger.openInNewEpoch(showtimeId);
		const outcome = await settle(ledger.entryOf(change({ state: "closed" }), { epoch: 0 }));
		expect(outcome).toMatchObject({ acked: [], stale: [showtimeId], recorded: 0 });
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ state: "open", showtimeVersion: 1 });
	});

	it("advances the last settled sequence number of the bucket even when the event contains nothing new", async () => {
		const [first, second] = [ledger.entryOf(change()), ledger.entryOf(change())];
		await settle(first);
		expect((await settle(second)).gap).toBeNull();
		const [row] = await ledger.rows(sql`select seq::int from buckets where bucket = ${bucketOf(showtimeId)}`);
		expect(row).toEqual({ seq: second.event?.seq });
	});
});

describe("a showtime event that can never be settled", () => {
	it.each([
		["of a showtime that the ledger does not have", "unknown_showtime", () => change({ showtimeId: newShowtimeId(bucketOf(showtimeId)) })],
		["of another bucket", "wrong_bucket", () => change({ showtimeId: newShowtimeId((bucketOf(showtimeId) + 1) % 16) })],
		["that blocks a seat outside the plan", "unknown_seat", () => change({ blockedSeats: [99, 100] })],
		["that blocks a seat below the first", "unknown_seat", () => change({ blockedSeats: [-1] })],
		["that blocks a fractional seat index", "unknown_seat", () => change({ blockedSeats: [1.5] })],
		["that blocks a seat twice", "repeated_seat", () => change({ blockedSeats: [5, 5] })],
		["at an instant beyond the range of dates", "impossible_instant", () => change({ at: Number.MAX_SAFE_INTEGER })],
		["that starts beyond the range of dates", "impossible_instant", () => change({ startsAt: Number.MAX_SAFE_INTEGER })],
		["whose sales close before they open", "impossible_value", () => change({ salesCloseAt: 1, salesOpenAt: 2 })],
		["that ends when it starts", "impossible_value", () => change({ startsAt: 2, endsAt: 2 })],
		["with an invalid currency", "impossible_value", () => change({ currency: "euro" })],
		["with a negative price", "impossible_value", () => change({ prices: { standard: -1 } })],
		["with a price above the maximum", "impossible_value", () => change({ prices: { standard: PRICE_MAX + 1 } })],
		["with a version too large for its column", "22003", () => change({ showtimeVersion: 3_000_000_000 })],
		["with an instant before the range of Postgres timestamps", "22008", () => change({ at: -8_640_000_000_000_000 })],
		["with a character that Postgres cannot store", "22P05", () => change({ prices: { "sta\0ndard": 1 } })],
	])("is dead-lettered, and a later event of the batch is settled: a change %s (%s)", async (_what, code, makeEvent) => {
		const poison = ledger.entryOf(makeEvent());
		const valid = ledger.entryOf(change({ showtimeVersion: 3, scheduleVersion: 1, blockedSeats: [98, 99] }));
		const outcome = await settle(poison, valid);
		expect(new Set(outcome.acked)).toEqual(new Set([poison.entryId, valid.entryId]));
		expect(outcome).toMatchObject({ deadLettered: [poison.entryId], recorded: 1 });
		const [deadLetter] = await ledger.rows(sql`select error_code, raw from dead_letters where entry_id = ${poison.entryId}`);
		expect(deadLetter).toEqual({ error_code: code, raw: poison.raw });
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ showtimeVersion: 3, scheduleVersion: 1 });
		expect(await blocked()).toEqual([98, 99]);
	});

	it("is dead-lettered even when a later event of the batch contains the corrected values", async () => {
		const poison = ledger.entryOf(change({ showtimeVersion: 2, currency: "euro" }));
		const outcome = await settle(poison, change({ showtimeVersion: 3, currency: "EUR" }));
		expect(outcome.deadLettered).toEqual([poison.entryId]);
		expect(await history()).toHaveLength(1);
	});
});

/** The ledger has the schedule before Redis, so only a ledger that was restored from a backup can meet these. */
describe("a schedule that another showtime of the auditorium occupies in a restored ledger", () => {
	const DAY_MS = 24 * 3_600_000;
	/** Moves the showtime to the next day, where `other` is. */
	const moveTo = (startsAt: number, overrides: Partial<ShowtimeEvent> = {}) =>
		change({ type: "showtime.rescheduled", showtimeVersion: 2, startsAt, endsAt: startsAt + 1_000, ...overrides });
	const schedule = async (id: ShowtimeId) => {
		const found = await findShowtime(ledger.database, id);
		return [found?.startsAt, found?.scheduleVersion];
	};

	async function addOther(): Promise<{ other: ShowtimeId; startsAt: number; before: unknown }> {
		const [row] = await ledger.rows<{ auditorium_id: AuditoriumId }>(sql`select auditorium_id from showtimes where id = ${showtimeId}`);
		if (row === undefined) throw new Error("the showtime was not inserted");
		const startsAt = ledger.nowMs + 2 * DAY_MS;
		const id = newShowtimeId(bucketOf(showtimeId));
		const other = await ledger.addShowtime({ id, auditoriumId: row.auditorium_id, startsAt: new Date(startsAt) });
		return { other, startsAt, before: await schedule(showtimeId) };
	}

	it("is not recorded and reported as a clash; history, terms and every other entry are settled", async () => {
		const { startsAt, before } = await addOther();
		const [userId, third] = [await ledger.addUser(), await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) })];
		const sale = ledger.entryOf(ledger.confirmed(showtimeId, userId, [1]));
		const moved = ledger.entryOf(moveTo(startsAt, { state: "paused" }));
		const free = ledger.entryOf({ ...moveTo(startsAt), showtimeId: third });
		const outcome = await settle(moved, free, sale);
		expect(outcome).toMatchObject({ recorded: 3, deadLettered: [], clashes: [showtimeId] });
		expect(outcome.acked).toHaveLength(3);
		expect(await schedule(showtimeId)).toEqual(before);
		expect(await schedule(third)).toEqual([startsAt, 2]);
		expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ state: "paused", showtimeVersion: 2 });
		expect(await history()).toHaveLength(1);
	});

	it("is recorded with the next event once the other showtime has moved away or is cancelled", async () => {
		const { other, startsAt } = await addOther();
		expect((await settle(moveTo(startsAt))).clashes).toEqual([showtimeId]);
		const fields = { showtimeVersion: 2, scheduleVersion: 1, state: "cancelled", startsAt, endsAt: startsAt + 1_000 } as const;
		const cancel = ledger.showtimeEventOf(other, fields);
		await settle(cancel);
		expect((await settle(moveTo(startsAt, { type: "showtime.restated" }))).clashes).toEqual([]);
		expect(await schedule(showtimeId)).toEqual([startsAt, 2]);
	});

	it("is recorded when an event of the same batch moves the other showtime away, in either order", async () => {
		for (const isFirst of [true, false]) {
			showtimeId = await ledger.addShowtime();
			const { other, startsAt } = await addOther();
			const away = { ...moveTo(startsAt + DAY_MS), showtimeId: other };
			const outcome = await settle(...(isFirst ? [away, moveTo(startsAt)] : [moveTo(startsAt), away]));
			expect(outcome).toMatchObject({ clashes: [], deadLettered: [] });
			expect(await schedule(showtimeId)).toEqual([startsAt, 2]);
			expect(await schedule(other)).toEqual([startsAt + DAY_MS, 2]);
		}
	});

	it("keeps the pause for cleaning when a move is recorded from the event", async () => {
		const start = new Date(ledger.nowMs + DAY_MS);
		showtimeId = await ledger.addShowtime({ startsAt: start, occupiedUntil: new Date(start.getTime() + 3 * 3_600_000) });
		await settle(moveTo(ledger.nowMs + 3 * DAY_MS));
		const [row] = await ledger.rows(
			sql`select (extract(epoch from occupied_until - ends_at))::int as gap from showtimes where id = ${showtimeId}`,
		);
		expect(row).toEqual({ gap: 3_600 });
	});
});
