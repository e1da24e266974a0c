/** The losing booking of a conflict is owed a refund, and the conflict is listed until the seat store is corrected. */
import { type BookingEvent, bucketOf, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { countOpenConflicts, listOpenConflicts } from "./list-open-conflicts.ts";
import { listUncorrectedConflicts, markConflictCorrected } from "./list-uncorrected-conflicts.ts";
import { settleBatch } from "./settle-batch.ts";

let ledger: TestLedger;
let showtimeId: ShowtimeId;
let userId: Awaited<ReturnType<TestLedger["addUser"]>>;
let loserId: typeof userId;
beforeAll(async () => {
	ledger = await openTestLedger();
	[userId, loserId] = [await ledger.addUser(), await ledger.addUser()];
});
afterAll(() => ledger.stop());
beforeEach(async () => {
	showtimeId = await ledger.addShowtime();
});

async function settle(...events: BookingEvent[]): Promise<void> {
	const entries = events.map((event) => ledger.entryOf(event));
	await settleBatch(ledger.database, { bucket: bucketOf(showtimeId), entries });
}

const sale = (seats: number[], overrides: Partial<BookingEvent> = {}) => ledger.confirmed(showtimeId, userId, seats, overrides);
const ownConflicts = async () =>
	(await listUncorrectedConflicts(ledger.database, { limit: 100 })).filter((each) => each.showtimeId === showtimeId);
const refundsOf = (event: BookingEvent) =>
	ledger.rows(
		sql`select showtime_id, reason, amount::int, currency, store_corrected_at is null as is_open from refunds where booking_id = ${event.bookingId}`,
	);

it("records one refund of the whole amount for the losing booking, in the transaction that finds the conflict", async () => {
	const [winner, loser] = [sale([1]), sale([1, 2], { userId: loserId, amounts: [1_000, 1_500], currency: "CHF" })];
	await settle(winner, loser);
	expect(await refundsOf(loser)).toEqual([{ showtime_id: showtimeId, reason: "conflict", amount: 2_500, currency: "CHF", is_open: true }]);
	expect(await refundsOf(winner)).toEqual([]);
	const [when] = await ledger.rows(
		sql`select r.due_at = e.recorded_at as same from refunds r join booking_events e using (booking_id) where booking_id = ${loser.bookingId} and e.type = 'booking.conflict'`,
	);
	expect(when).toEqual({ same: true });
	const before = await ledger.dump();
	await settle(winner, loser);
	expect((await ledger.dump()).slice(0, 4)).toEqual(before.slice(0, 4));
	expect(await refundsOf(loser)).toHaveLength(1);
});

it("lists a conflict with its version, its seats and their current owners, until the conflict is marked as corrected", async () => {
	const [one, two, cancelled] = [sale([3]), sale([4]), sale([5])];
	const loser = sale([6, 4, 3, 5], { userId: loserId });
	await settle(one, two, cancelled, loser, cancelOf(cancelled));
	expect(await ownConflicts()).toEqual([
		{
			bookingId: loser.bookingId,
			showtimeId,
			userId: loserId,
			version: 3,
			seats: [3, 4, 5, 6],
			owners: [
				{ seat: 3, bookingId: one.bookingId, userId },
				{ seat: 4, bookingId: two.bookingId, userId },
			],
		},
	]);
	await markConflictCorrected(ledger.database, loser.bookingId);
	const before = await ledger.dump();
	await markConflictCorrected(ledger.database, loser.bookingId);
	expect(await ledger.dump()).toEqual(before);
	expect(await ownConflicts()).toEqual([]);
	expect(await refundsOf(loser)).toMatchObject([{ is_open: false }]);
});

it("lists the oldest conflicts first, up to the limit", async () => {
	const [winner, first, second] = [sale([7]), sale([7]), sale([7])];
	await settle(winner, first);
	await settle(second);
	expect((await ownConflicts()).map(({ bookingId }) => bookingId)).toEqual([first.bookingId, second.bookingId]);
	expect(await listUncorrectedConflicts(ledger.database, { limit: 1 })).toHaveLength(1);
});

it("lists a corrected conflict again when its booking loses again, and records no further refund", async () => {
	const [winner, loser] = [sale([8]), sale([8], { amounts: [2_000] })];
	await settle(winner, loser);
	await markConflictCorrected(ledger.database, loser.bookingId);
	await settle({ ...loser, version: 5 });
	expect(await ownConflicts()).toMatchObject([{ bookingId: loser.bookingId, version: 6 }]);
	expect(await refundsOf(loser)).toMatchObject([{ amount: 2_000, is_open: true }]);
});

it("does not list a booking that got its seats after all", async () => {
	const [winner, loser] = [sale([9]), sale([9])];
	await settle(winner, loser);
	await settle(cancelOf(winner), { ...loser, version: 4 });
	expect(await ownConflicts()).toEqual([]);
});

it("does not list a conflict of a showtime that ended a day ago, because the seat store has closed it permanently", async () => {
	const [winner, loser] = [sale([1]), sale([1], { userId: loserId })];
	await settle(winner, loser);
	const endedAgo = (interval: string) =>
		ledger.rows(
			sql`update showtimes set starts_at = now() - ${interval}::interval - interval '2 hours', ends_at = now() - ${interval}::interval where id = ${showtimeId}`,
		);
	await endedAgo("23 hours 59 minutes");
	expect(await ownConflicts()).toHaveLength(1);
	await endedAgo("24 hours");
	expect(await ownConflicts()).toEqual([]);
	expect(await refundsOf(loser)).toMatchObject([{ is_open: true }]);
});

it("keeps a conflict open for the staff until its refund is paid back and the seat store is corrected", async () => {
	const [winner, loser] = [sale([80]), sale([80], { userId: loserId })];
	await settle(winner, loser);
	const own = async () =>
		(await listOpenConflicts(ledger.database, { limit: 1_000 })).filter(({ bookingId }) => bookingId === loser.bookingId);
	const conflict = { bookingId: loser.bookingId, showtimeId, userId: loserId, amount: 1250, currency: "EUR", foundAt: expect.any(Number) };
	expect(await own()).toEqual([{ ...conflict, isCorrected: false }]);
	await markConflictCorrected(ledger.database, loser.bookingId);
	expect(await own()).toEqual([{ ...conflict, isCorrected: true }]);
	const before = await countOpenConflicts(ledger.database);
	const setRefund = (state: string, doneAt: string | null) =>
		ledger.rows(sql`update refunds set state = ${state}, done_at = ${doneAt} where booking_id = ${loser.bookingId}`);
	await setRefund("failed", null);
	expect(await own()).toHaveLength(1);
	await setRefund("sent", null);
	expect(await own()).toEqual([]);
	await setRefund("done", "2031-01-01T00:00:00Z");
	expect([await own(), await countOpenConflicts(ledger.database)]).toEqual([[], before - 1]);
	await ledger.rows(sql`update refunds set store_corrected_at = null where booking_id = ${loser.bookingId}`);
	expect(await own()).toEqual([{ ...conflict, isCorrected: false }]);
	await ledger.rows(sql`update showtimes set starts_at = now() - interval '5 days', ends_at = now() - interval '3 days',
		occupied_until = now() - interval '3 days', sales_close_at = sales_open_at where id = ${showtimeId}`);
	expect(await own()).toEqual([]);
});

it("keeps a conflict of a booking that cost nothing open until its showtime starts", async () => {
	const [winner, loser] = [sale([81]), sale([81], { userId: loserId, amounts: [0] })];
	await settle(winner, loser);
	await markConflictCorrected(ledger.database, loser.bookingId);
	const isOpen = async () =>
		(await listOpenConflicts(ledger.database, { limit: 1_000 })).some(({ bookingId }) => bookingId === loser.bookingId);
	expect(await isOpen()).toBe(true);
	await ledger.rows(
		sql`update showtimes set starts_at = now() - interval '1 second', sales_close_at = sales_open_at where id = ${showtimeId}`,
	);
	expect(await isOpen()).toBe(false);
});
