/** When a showtime is cancelled, each of its bookings is cancelled exactly once, even one that is settled later. */
import {
	type BookingEvent,
	bucketOf,
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
