/** When a showtime is cancelled, each of its bookings is cancelled exactly once, even one that is settled later. */
import {
	type BookingEvent,
	bucketOf,
	newBookingId,
	newShowtimeId,
	type OutboxEntry,
	type OutboxEvent,
	type ShowtimeEvent,
	type ShowtimeId,
} from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { findShowtime } from "../catalog/find-showtime.ts";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { findBooking } from "./find-booking.ts";
import { findRefunds } from "./find-refunds.ts";
import { seatOwners } from "./list-seat-owners.ts";
import { settleBatch } from "./settle-batch.ts";

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

const sale = (seats: number[]) => ledger.confirmed(showtimeId, userId, seats);
const cancelShowtime = (overrides: Partial<ShowtimeEvent> = {}) =>
	ledger.showtimeEventOf(showtimeId, { type: "showtime.cancelled", state: "cancelled", scheduleVersion: 1, ...overrides });
const bookingOf = async (event: BookingEvent) => (await findBooking(ledger.database, event.bookingId))?.booking;
const eventsOf = (event: BookingEvent) =>
	ledger.rows(
		sql`select version, type, seq::int, bucket, payload, (extract(epoch from at) * 1000)::float8 as at from booking_events where booking_id = ${event.bookingId} order by version`,
	);

it("cancels every confirmed booking at the time of the showtime's cancel, releases its seats, and adds a cancel event", async () => {
	const [first, second] = [sale([1, 2]), sale([3])];
	await settle(first, second);
	const cancel = cancelShowtime();
	expect(await settle(cancel)).toMatchObject({ recorded: 1, cancelledByShowtime: 2, conflicts: [] });
	expect(await findShowtime(ledger.database, showtimeId)).toMatchObject({ state: "cancelled", showtimeVersion: 2 });
	for (const [event, seats] of [[first, [1, 2]] as const, [second, [3]] as const])
		expect(await bookingOf(event)).toMatchObject({ state: "CANCELLED", version: 3, cancelledAt: cancel.at, seats });
	expect(await seatOwners(ledger.database, showtimeId)).toEqual([]);
	const released = await ledger.rows(
		sql`select distinct (extract(epoch from released_at) * 1000)::float8 as at from booking_seats where showtime_id = ${showtimeId}`,
	);
	expect(released).toEqual([{ at: cancel.at }]);
	const [confirmed, cancelled] = await eventsOf(first);
	expect(cancelled).toEqual({
		version: 3,
		type: "booking.cancelled",
		seq: null,
		bucket: bucketOf(showtimeId),
		at: cancel.at,
		payload: {
			...(confirmed?.payload as BookingEvent),
			type: "booking.cancelled",
			seq: null,
			version: 3,
			cancelledAt: cancel.at,
			at: cancel.at,
		},
	});
});

it("does not change bookings that are already cancelled, are in conflict, or belong to other showtimes", async () => {
	const other = await ledger.addShowtime({ id: newShowtimeId(bucketOf(showtimeId)) });
	const [kept, cancelled, winner, loser] = [ledger.confirmed(other, userId, [1]), sale([1]), sale([2]), sale([2])];
	await settle(kept, cancelled, cancelOf(cancelled), winner, loser);
	const before = await Promise.all([kept, cancelled, loser].map(bookingOf));
	expect(await settle(cancelShowtime())).toMatchObject({ cancelledByShowtime: 1 });
	expect(await Promise.all([kept, cancelled, loser].map(bookingOf))).toEqual(before);
	expect(await bookingOf(winner)).toMatchObject({ state: "CANCELLED", version: 3 });
});

it("records a sale of the same batch first and then cancels it, in either order of the stream", async () => {
	const [before, after] = [sale([1]), sale([2])];
	expect(await settle(before, cancelShowtime(), after)).toMatchObject({ recorded: 3, cancelledByShowtime: 2 });
	for (const event of [before, after]) expect(await bookingOf(event)).toMatchObject({ state: "CANCELLED", version: 3 });
});

it("cancels bookings although the same batch contains a poison entry", async () => {
	const [good, poison] = [sale([1]), ledger.entryOf({ ...sale([2]), currency: "euro" })];
	expect(await settle(poison, cancelShowtime(), good)).toMatchObject({ cancelledByShowtime: 1, deadLettered: [poison.entryId] });
	expect(await bookingOf(good)).toMatchObject({ state: "CANCELLED" });
});

it("cancels a sale that is settled after the cancel, at the time of settling, and its seats have no owner", async () => {
	await settle(cancelShowtime());
	const [start] = await ledger.rows<{ now: number }>(sql`select (extract(epoch from now()) * 1000)::float8 as now`);
	const late = sale([5, 6]);
	expect(await settle(late)).toMatchObject({ recorded: 1, cancelledByShowtime: 1 });
	expect(await bookingOf(late)).toMatchObject({ state: "CANCELLED", version: 3 });
	expect((await bookingOf(late))?.cancelledAt).toBeGreaterThanOrEqual(Math.floor(start?.now ?? Number.MAX_VALUE));
	expect(await seatOwners(ledger.database, showtimeId)).toEqual([]);
});

it("a redelivery of all entries changes nothing, and neither does a late cancel by the buyer", async () => {
	const event = sale([7]);
	const entries = [ledger.entryOf(event), ledger.entryOf(cancelShowtime())];
	await settle(...entries);
	const before = await ledger.dump();
	expect(await settle(...entries)).toMatchObject({ recorded: 0, cancelledByShowtime: 0 });
	expect(await settle(...entries.slice(1))).toMatchObject({ recorded: 0, cancelledByShowtime: 0 });
	expect(await ledger.dump()).toEqual(before);
	const booking = await bookingOf(event);
	expect(await settle(cancelOf(event))).toMatchObject({ cancelledByShowtime: 0 });
	expect(await bookingOf(event)).toEqual(booking);
});

it("takes the time of cancellation from the first of several events with state cancelled", async () => {
	const event = sale([8]);
	const cancel = cancelShowtime();
	await settle(event, cancel, cancelShowtime({ type: "showtime.repriced", showtimeVersion: 3, at: cancel.at + 9_000 }));
	expect(await bookingOf(event)).toMatchObject({ cancelledAt: cancel.at });
});

it("cancels nothing for a cancel that is older than the ledger's version, or that stays in the stream", async () => {
	const event = sale([9]);
	await settle(event, ledger.showtimeEventOf(showtimeId, { showtimeVersion: 5 }));
	expect(await settle(cancelShowtime({ showtimeVersion: 4 }))).toMatchObject({ cancelledByShowtime: 0 });
	await ledger.openInNewEpoch(showtimeId);
	expect(await settle(cancelShowtime({ showtimeVersion: 6 }))).toMatchObject({ cancelledByShowtime: 0, stale: [showtimeId] });
	expect(await bookingOf(event)).toMatchObject({ state: "CONFIRMED", version: 2 });
});

it("cancels 10,000 bookings of one showtime within 10 s, even while the statistics of Postgres are out of date", async () => {
	await queryPostgres(ledger.ownerUrl, "analyze");
	await ledger.addSales(showtimeId, userId, { bookings: 10_000, seatsEach: 5 });
	const started = performance.now();
	expect(await settle(cancelShowtime())).toMatchObject({ cancelledByShowtime: 10_000 });
	expect(performance.now() - started).toBeLessThan(10_000);
	expect(await seatOwners(ledger.database, showtimeId)).toEqual([]);
});

const refunds = () =>
	ledger.rows(
		sql`select booking_id, reason, amount::int, percent, state from refunds where showtime_id = ${showtimeId} order by amount, booking_id`,
	);
const notices = () =>
	ledger.rows(sql`select booking_id, version, details from notices where showtime_id = ${showtimeId} order by booking_id`);

it("records a refund of the whole amount and a notice for each booking that it cancels, once", async () => {
	const [one, two, free, own, winner, loser] = [sale([1]), sale([2, 3]), sale([4]), sale([5]), sale([6]), sale([6, 7])];
	const gratis = { ...free, amounts: [0], amount: 0 };
	await settle(one, two, gratis, own, cancelOf(own), winner, loser);
	const cancel = ledger.entryOf(cancelShowtime());
	await settle(cancel);
	const refundOf = ({ bookingId, amount }: BookingEvent, reason = "showtime_cancelled") => ({
		...{ booking_id: bookingId, reason, amount, percent: 100, state: "due" },
	});
	const ofOneSeat = [refundOf(one), refundOf(winner)].toSorted((a, b) => (a.booking_id < b.booking_id ? -1 : 1));
	const ofTwoSeats = [refundOf(two), refundOf(loser, "conflict")].toSorted((a, b) => (a.booking_id < b.booking_id ? -1 : 1));
	const owed = [...ofOneSeat, ...ofTwoSeats];
	expect(await refunds()).toEqual(owed);
	const details = { reason: "showtime_cancelled" };
	const noticed = [one, two, gratis, winner].map(({ bookingId }) => ({ booking_id: bookingId, version: 3, details }));
	const inOrder = noticed.toSorted((a, b) => (a.booking_id < b.booking_id ? -1 : 1));
	expect(await notices()).toEqual(inOrder);
	await settle(cancel);
	const late = sale([8]);
	await settle(late);
	expect(await refunds()).toHaveLength(owed.length + 1);
	expect(await notices()).toHaveLength(inOrder.length + 1);
	expect(await ledger.rows(sql`select distinct state from bookings where showtime_id = ${showtimeId} order by state`)).toEqual([
		{ state: "CANCELLED" },
		{ state: "CONFLICT" },
	]);
});

it("keeps a refund that a booking has already", async () => {
	const event = sale([1]);
	await settle(event);
	await ledger.rows(
		sql`insert into refunds (booking_id, showtime_id, reason, amount, currency, percent) values (${event.bookingId}, ${showtimeId}, 'cancelled', 625, 'EUR', 50)`,
	);
	await settle(cancelShowtime());
	expect(await refunds()).toEqual([{ booking_id: event.bookingId, reason: "cancelled", amount: 625, percent: 50, state: "due" }]);
});

it("findRefunds reads the words of the wire, and nothing for a refund that is 0 or withdrawn", async () => {
	const events = [sale([1]), sale([2]), sale([3]), sale([4]), sale([5])];
	await settle(...events, cancelShowtime());
	const ids = events.map(({ bookingId }) => bookingId);
	const [, sent, done, failed, withdrawn] = ids;
	await ledger.rows(sql`update refunds set state = 'sent' where booking_id = ${sent}`);
	await ledger.rows(sql`update refunds set state = 'done', done_at = now() where booking_id = ${done}`);
	await ledger.rows(sql`update refunds set state = 'failed' where booking_id = ${failed}`);
	await ledger.rows(sql`update refunds set state = 'not_owed' where booking_id = ${withdrawn}`);
	const found = await findRefunds(ledger.database, ids);
	expect(ids.map((id) => found.get(id)?.status)).toEqual(["due", "sent", "refunded", "failed", undefined]);
	const [due = newBookingId(showtimeId)] = ids;
	const unpaid = { dueAt: expect.any(Number), settledAt: null, reference: null };
	expect(found.get(due)).toEqual({ status: "due", amount: 1250, currency: "EUR", percent: 100, reason: "showtime_cancelled", ...unpaid });
	await ledger.rows(sql`update refunds set amount = 0 where booking_id = ${due}`);
	expect((await findRefunds(ledger.database, ids)).has(due)).toBe(false);
	expect(await findRefunds(ledger.database, [])).toEqual(new Map());
});

it.each([
	["a percentage of 0", sql`percent = 0`, "refunds_percent_bounded"],
	["a percentage of 101", sql`percent = 101`, "refunds_percent_bounded"],
	["an unknown state", sql`state = 'lost'`, "refunds_state_known"],
	["a paid refund without its time", sql`state = 'done'`, "refunds_done_at_when_done"],
	["the time of a payment that is due", sql`done_at = now()`, "refunds_done_at_when_done"],
])("the ledger refuses a refund with %s", async (_what, change, constraint) => {
	await settle(sale([1]), cancelShowtime());
	const error: unknown = await ledger.rows(sql`update refunds set ${change} where showtime_id = ${showtimeId}`).catch((thrown) => thrown);
	expect(error).toMatchObject({ constraint_name: constraint });
});
