/** Each confirmed booking gets one notice for each newer schedule of its showtime, in whatever order and parts the entries are settled. */
import {
	type BookingEvent,
	bucketOf,
	newShowtimeId,
	newUserId,
	type OutboxEntry,
	type OutboxEvent,
	type ShowtimeEvent,
	type ShowtimeId,
} from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { findMoves } from "./find-moves.ts";
import { settleBatch } from "./settle-batch.ts";

const HOUR_MS = 3_600_000;

let ledger: TestLedger;
let showtimeId: ShowtimeId;
let userId: Awaited<ReturnType<TestLedger["addUser"]>>;
beforeAll(async () => {
	ledger = await openTestLedger();
	userId = await ledger.addUser();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
});

async function settle(...events: (OutboxEvent | OutboxEntry)[]) {
	const entries = events.map((each) => ("entryId" in each ? each : ledger.entryOf(each)));
	const outcome = await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries });
	if (outcome.outcome !== "settled") throw new Error(`not settled: ${outcome.outcome}`);
	return outcome;
}

const startOf = (scheduleVersion: number): number => ledger.nowMs + 24 * HOUR_MS + (scheduleVersion - 1) * HOUR_MS;
const timesOf = (scheduleVersion: number) => ({ startsAt: startOf(scheduleVersion), endsAt: startOf(scheduleVersion) + 2 * HOUR_MS });

/** Moves the showtime to this schedule version, as an action does: the row of the ledger first. Returns the event. */
async function move(scheduleVersion: number, overrides: Partial<ShowtimeEvent> = {}): Promise<ShowtimeEvent> {
	const { startsAt, endsAt } = timesOf(scheduleVersion);
	await ledger.rows(sql`
		update showtimes set starts_at = ${new Date(startsAt).toISOString()}, ends_at = ${new Date(endsAt).toISOString()},
			occupied_until = ${new Date(endsAt).toISOString()}, schedule_version = ${scheduleVersion}
		where id = ${showtimeId}`);
	const command = { actor: newUserId(), requestId: "r", reason: null };
	return ledger.showtimeEventOf(showtimeId, {
		type: "showtime.rescheduled",
		showtimeVersion: scheduleVersion,
		scheduleVersion,
		startsAt,
		endsAt,
		movedFrom: timesOf(scheduleVersion - 1),
		command,
		...overrides,
	});
}

const sale = (seats: number[], overrides: Partial<BookingEvent> = {}) => ledger.confirmed(showtimeId, userId, seats, overrides);
const notices = () =>
	ledger.rows(
		sql`select booking_id, version, user_id, details from notices where showtime_id = ${showtimeId} and kind = 'showtime.rescheduled' order by version, booking_id`,
	);
const noticeOf = (event: BookingEvent, version: number) => ({
	booking_id: event.bookingId,
	version,
	user_id: userId,
	details: { from: timesOf(version - 1), to: timesOf(version) },
});
/** Ids are random within a millisecond, so the expected rows are sorted as the query sorts them. */
const sorted = (...rows: ReturnType<typeof noticeOf>[]) =>
	rows.toSorted((a, b) => a.version - b.version || (a.booking_id < b.booking_id ? -1 : 1));

it("a move gives each confirmed booking of the showtime one notice with old and new time, and no notice to others", async () => {
	const other = await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) });
	const [first, second, gone, lost] = [sale([1]), sale([2]), sale([3]), sale([1])];
	const newer = sale([4], { scheduleVersion: 2 });
	await settle(first, second, gone, cancelOf(gone), lost, newer, ledger.confirmed(other, userId, [1]));
	await settle(await move(2));
	expect(await notices()).toEqual(sorted(noticeOf(first, 2), noticeOf(second, 2)));
	expect(await ledger.rows(sql`select id from notices where showtime_id = ${other}`)).toEqual([]);
});

it("a booking that is settled after the moves gets the notices that the others got before, once", async () => {
	const early = sale([1]);
	await settle(early);
	await settle(await move(2));
	await settle(await move(3));
	const [late, between, current] = [sale([2]), sale([3], { scheduleVersion: 2 }), sale([4], { scheduleVersion: 3 })];
	const entries = [late, between, current].map((event) => ledger.entryOf(event));
	await settle(...entries);
	const expected = sorted(noticeOf(early, 2), noticeOf(early, 3), noticeOf(late, 2), noticeOf(late, 3), noticeOf(between, 3));
	expect(await notices()).toEqual(expected);
	await settle(...entries);
	expect(await notices()).toEqual(expected);
});

it("a redelivery of everything, in one batch or one by one, adds no notice", async () => {
	const [before, after] = [sale([1]), sale([2])];
	const entries = [ledger.entryOf(before), ledger.entryOf(await move(2)), ledger.entryOf(after)];
	await settle(...entries);
	const expected = sorted(noticeOf(before, 2), noticeOf(after, 2));
	expect(await notices()).toEqual(expected);
	await settle(...entries);
	for (const entry of entries) await settle(entry);
	expect(await notices()).toEqual(expected);
});

it("a batch with a poison entry, which is recorded in parts, gives the same notices", async () => {
	const [before, after] = [sale([1]), sale([2])];
	const poison = ledger.entryOf({ ...sale([3]), currency: "euro" });
	const outcome = await settle(before, ledger.entryOf(await move(2)), poison, after);
	expect(outcome.deadLettered).toEqual([poison.entryId]);
	expect(await notices()).toEqual(sorted(noticeOf(before, 2), noticeOf(after, 2)));
});

it("a booking of an older schedule whose move is not settled yet gets its notice with the move", async () => {
	const moved = await move(2);
	const event = sale([1]);
	await settle(event);
	expect(await notices()).toEqual([]);
	await settle(moved);
	expect(await notices()).toEqual([noticeOf(event, 2)]);
});

it("findMoves returns the time at which the seats were taken and the last move, also for a hold, and nothing once the time is the same again", async () => {
	const event = sale([1]);
	await settle(event);
	const [second, third] = [await move(2), await move(3, { at: ledger.nowMs + 90_001 })];
	await settle(second, third);
	const hold = { id: sale([2]).bookingId, showtimeId, scheduleVersion: 2 };
	const current = { id: sale([3]).bookingId, showtimeId, scheduleVersion: 3 };
	const booked = { id: event.bookingId, showtimeId, scheduleVersion: 1 };
	expect(await findMoves(ledger.database, [booked, hold, current])).toEqual(
		new Map([
			[booked.id, { from: timesOf(1), at: third.at }],
			[hold.id, { from: timesOf(2), at: third.at }],
		]),
	);
	await settle(await move(4, timesOf(1)));
	expect([...(await findMoves(ledger.database, [booked])).keys()]).toEqual([]);
	expect(await findMoves(ledger.database, [])).toEqual(new Map());
});
