import { bucketOf, newShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findShowtime } from "../catalog/find-showtime.ts";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { findOpening } from "./find-opening.ts";
import { countSoldSeats } from "./list-seat-owners.ts";
import { settleBatch } from "./settle-batch.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

it("one of twenty concurrent calls with the same epoch opens the showtime, and the others return raced", async () => {
	const id = await ledger.addShowtime();
	const outcomes = await Promise.all(Array.from({ length: 20 }, () => ledger.openInNewEpoch(id)));
	expect(outcomes.filter(({ outcome }) => outcome === "opened")).toHaveLength(1);
	expect(outcomes.filter(({ outcome }) => outcome === "raced")).toHaveLength(19);
	expect(await findOpening(ledger.database, id)).toMatchObject({ epoch: 1 });
	expect(await ledger.openInNewEpoch(id, { seenEpoch: 1 })).toMatchObject({ outcome: "opened", snapshot: { epoch: 2 } });
});

it("raises the epoch above the higher of the ledger's epoch and the seat store's epoch", async () => {
	const id = await ledger.addShowtime();
	expect(await ledger.openInNewEpoch(id, { installedEpoch: 7 })).toMatchObject({ outcome: "opened", snapshot: { epoch: 8 } });
	expect(await ledger.openInNewEpoch(id, { seenEpoch: 8, installedEpoch: 3 })).toMatchObject({ outcome: "opened", snapshot: { epoch: 9 } });
	expect(await ledger.openInNewEpoch(id, { seenEpoch: 8, installedEpoch: 9 })).toEqual({ outcome: "raced" });
});

it("returns a snapshot of the showtime for the seat store, with every booking and the seats that it owns now", async () => {
	const id = await ledger.addShowtime({ blockedSeats: [40, 41] });
	const [userId, otherId] = [await ledger.addUser(), await ledger.addUser()];
	const kept = ledger.confirmed(id, userId, [7, 1]);
	const cancelled = ledger.confirmed(id, userId, [2]);
	const loser = ledger.confirmed(id, otherId, [7, 8]);
	const entries = [kept, cancelled, cancelOf(cancelled), loser].map((event) => ledger.entryOf(event));
	await settleBatch(ledger.database, { bucket: bucketOf(id), entries });
	const elsewhere = await ledger.addShowtime({ id: newShowtimeId(bucketOf(id)) });
	await settleBatch(ledger.database, { bucket: bucketOf(id), entries: [ledger.entryOf(ledger.confirmed(elsewhere, userId, [3]))] });
	const opened = await ledger.openInNewEpoch(id);
	const showtime = await findShowtime(ledger.database, id);
	expect(opened).toEqual({
		outcome: "opened",
		snapshot: {
			epoch: 1,
			isQuarantined: false,
			deadLetteredEntries: [],
			blockedSeats: [40, 41],
			bookings: [
				{ bookingId: kept.bookingId, userId, state: "CONFIRMED", version: 2, seats: [1, 7] },
				{ bookingId: cancelled.bookingId, userId, state: "CANCELLED", version: 3, seats: [] },
				{ bookingId: loser.bookingId, userId: otherId, state: "CONFLICT", version: 3, seats: [] },
			].sort((one, other) => (one.bookingId < other.bookingId ? -1 : 1)),
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

it("reads 10,000 bookings of one showtime within 5 s, even while the statistics of Postgres are out of date", async () => {
	const [id, userId] = [await ledger.addShowtime(), await ledger.addUser()];
	await queryPostgres(ledger.ownerUrl, "analyze");
	await ledger.addSales(id, userId, { bookings: 10_000, seatsEach: 5 });
	const started = performance.now();
	const opened = await ledger.openInNewEpoch(id);
	const tookMs = performance.now() - started;
	const owned = opened.outcome === "opened" ? opened.snapshot.bookings.flatMap(({ seats }) => seats) : [];
	expect(new Set(owned).size).toBe(50_000);
	expect(tookMs).toBeLessThan(5_000);
});

it("findOpening returns epoch, state, start, end, and the timeline under which the showtime was last opened", async () => {
	const id = await ledger.addShowtime();
	const startsAt = ledger.nowMs + 86_400_000;
	const known = { state: "open", startsAt, endsAt: startsAt + 7_200_000 };
	expect(await findOpening(ledger.database, id)).toEqual({ ...known, epoch: 0, timeline: null });
	await ledger.openInNewEpoch(id, { timeline: 3 });
	expect(await findOpening(ledger.database, id)).toEqual({ ...known, epoch: 1, timeline: 3 });
});

it("returns unknown for a showtime that does not exist, and creates nothing", async () => {
	const id = newShowtimeId();
	expect(await ledger.openInNewEpoch(id)).toEqual({ outcome: "unknown" });
	expect(await findOpening(ledger.database, id)).toBeNull();
	expect(await findShowtime(ledger.database, id)).toBeNull();
});
