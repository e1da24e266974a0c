import { bucketOf, newShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findShowtime } from "../catalog/find-showtime.ts";
import { cancelOf, openTestLedger, type TestLedger } from "../open-test-ledger.ts";
import { findOpening } from "./find-opening.ts";
import { countSoldSeats } from "./list-seat-owners.ts";
import { openShowtimeInLedger } from "./open-showtime-in-ledger.ts";
import { settleBatch } from "./settle-batch.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

it("of twenty who open a showtime at the same epoch, one does", async () => {
	const id = await ledger.addShowtime();
	const outcomes = await Promise.all(Array.from({ length: 20 }, () => openShowtimeInLedger(ledger.database, id, { seenEpoch: 0 })));
	expect(outcomes.filter(({ outcome }) => outcome === "opened")).toHaveLength(1);
	expect(outcomes.filter(({ outcome }) => outcome === "raced")).toHaveLength(19);
	expect(await findOpening(ledger.database, id)).toMatchObject({ epoch: 1 });
	expect(await openShowtimeInLedger(ledger.database, id, { seenEpoch: 1 })).toMatchObject({ outcome: "opened", snapshot: { epoch: 2 } });
});

it("gives the showtime as the seat store wants it, and the seats that are sold now, with whose they are", async () => {
	const id = await ledger.addShowtime();
	const userId = await ledger.addUser();
	const [kept, cancelled] = [ledger.confirmed(id, userId, [1, 7]), ledger.confirmed(id, userId, [2])];
	const entries = [kept, cancelled, cancelOf(cancelled)].map((event) => ledger.entryOf(event));
	await settleBatch(ledger.database, { bucket: bucketOf(id), entries });
	const opened = await openShowtimeInLedger(ledger.database, id, { seenEpoch: 0 });
	const showtime = await findShowtime(ledger.database, id);
	expect(opened).toEqual({
		outcome: "opened",
		snapshot: {
			epoch: 1,
			soldSeats: [
				{ seat: 1, bookingId: kept.bookingId, userId },
				{ seat: 7, bookingId: kept.bookingId, userId },
			],
			showtime: {
				id,
				state: "open",
				planId: ledger.planId,
				seatCount: 100,
				priceVersion: 1,
				prices: { standard: 1250 },
				currency: "EUR",
				salesOpenAt: ledger.nowMs - 3_600_000,
				salesCloseAt: ledger.nowMs + 86_400_000,
				startsAt: ledger.nowMs + 86_400_000,
				endsAt: ledger.nowMs + 86_400_000 + 7_200_000,
				showtimeVersion: 1,
				scheduleVersion: 1,
				summary: {
					movie: { id: ledger.movieId, title: "The Third Man" },
					auditorium: { id: ledger.auditoriumId, name: "Hall 1" },
					timeZone: "Europe/Vienna",
				},
			},
		},
	});
	expect(showtime).toMatchObject(opened.outcome === "opened" ? opened.snapshot.showtime : {});
	expect(showtime?.movie).toEqual({ id: ledger.movieId, title: "The Third Man", durationMinutes: 104, rating: null, posterUrl: null });
	expect(await countSoldSeats(ledger.database, id)).toBe(2);
});

it("a showtime that does not exist is unknown, and leaves nothing behind", async () => {
	const id = newShowtimeId();
	expect(await openShowtimeInLedger(ledger.database, id, { seenEpoch: 0 })).toEqual({ outcome: "unknown" });
	expect(await findOpening(ledger.database, id)).toBeNull();
	expect(await findShowtime(ledger.database, id)).toBeNull();
});
