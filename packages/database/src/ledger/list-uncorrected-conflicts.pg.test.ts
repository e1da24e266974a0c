/** A conflict owes the loser its money, and waits until the seat store was told whose the seats are. */
import { type BookingEvent, bucketOf, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
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
const mine = async () => (await listUncorrectedConflicts(ledger.database, { limit: 100 })).filter((each) => each.showtimeId === showtimeId);
const refundsOf = (event: BookingEvent) =>
	ledger.rows(
		sql`select showtime_id, reason, amount::int, currency, store_corrected_at is null as is_open from refunds where booking_id = ${event.bookingId}`,
	);

it("the loser is owed all it paid, in the transaction that found the conflict, once", async () => {
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

it("is listed with the ledger's version, its seats, and whose each of them is now, until the seat store was told", async () => {
	const [one, two, gone] = [sale([3]), sale([4]), sale([5])];
	const loser = sale([6, 4, 3, 5], { userId: loserId });
	await settle(one, two, gone, loser, cancelOf(gone));
	expect(await mine()).toEqual([
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
	expect(await mine()).toEqual([]);
	expect(await refundsOf(loser)).toMatchObject([{ is_open: false }]);
});

it("the oldest come first, at most so many", async () => {
	const [winner, first, second] = [sale([7]), sale([7]), sale([7])];
	await settle(winner, first);
	await settle(second);
	expect((await mine()).map(({ bookingId }) => bookingId)).toEqual([first.bookingId, second.bookingId]);
	expect(await listUncorrectedConflicts(ledger.database, { limit: 1 })).toHaveLength(1);
});

it("one that loses again after the seat store was told is told again, and owed nothing more", async () => {
	const [winner, loser] = [sale([8]), sale([8], { amounts: [2_000] })];
	await settle(winner, loser);
	await markConflictCorrected(ledger.database, loser.bookingId);
	await settle({ ...loser, version: 5 });
	expect(await mine()).toMatchObject([{ bookingId: loser.bookingId, version: 6 }]);
	expect(await refundsOf(loser)).toMatchObject([{ amount: 2_000, is_open: true }]);
});

it("one that has its seats after all is no conflict any more", async () => {
	const [winner, loser] = [sale([9]), sale([9])];
	await settle(winner, loser);
	await settle(cancelOf(winner), { ...loser, version: 4 });
	expect(await mine()).toEqual([]);
});

it("one of a showtime that was over a day ago is not listed: the seat store has closed it for good", async () => {
	const [winner, loser] = [sale([1]), sale([1], { userId: loserId })];
	await settle(winner, loser);
	const endedAgo = (interval: string) =>
		ledger.rows(
			sql`update showtimes set starts_at = now() - ${interval}::interval - interval '2 hours', ends_at = now() - ${interval}::interval where id = ${showtimeId}`,
		);
	await endedAgo("23 hours 59 minutes");
	expect(await mine()).toHaveLength(1);
	await endedAgo("24 hours");
	expect(await mine()).toEqual([]);
	expect(await refundsOf(loser)).toMatchObject([{ is_open: true }]);
});
