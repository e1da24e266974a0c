/** Test helper that calls every command of the seat store except `waitForEntries`, which a cluster cannot answer. */
import { bucketOf, newBookingId, newShowtimeId, newUserId, type OpenShowtime, type RecordedBooking } from "@holdfast/domain";
import { buildShowtime, waitUntil } from "@holdfast/testing";
import { expect } from "vitest";
import type { ChangeBookingCommand } from "../commands/change-booking.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { SeatStore } from "../seat-store.ts";
import { holdSeats, tryHold, tryStaffHold } from "./buy-seats.ts";
import { staffCommand } from "./inspect-showtime.ts";
import { installSnapshot } from "./install-snapshot.ts";
import type { TestStore } from "./open-test-store.ts";

/** Calls every command of `store` in an order in which every script reaches its writes. `store` must use the server of `test`. */
export async function useEveryCommand(test: TestStore, store: SeatStore): Promise<void> {
	const { redis } = test;
	const showtime = buildShowtime();
	await installSnapshot(store, { showtime });
	const bucket = bucketOf(showtime.id);
	const userId = newUserId();
	const first = await holdSeats(store, showtime, [1, 2], { userId, idempotencyKey: "key" });
	await tryHold(store, showtime, [1, 2], { userId, idempotencyKey: "key" });
	await store.extendHold(first);
	await store.confirmBooking(first);
	const entries = await store.readBatch(bucket, { afterEntryId: null, limit: 10 });
	await store.ackBatch(
		bucket,
		entries.map(({ entryId }) => ({ entryId, booking: { id: first.bookingId, version: 3 } })),
	);
	await store.cancelBooking(first);
	await store.cancelBooking(await holdSeats(store, showtime, [3]));
	await store.setTerms({ showtimeId: showtime.id, terms: { prices: { standard: 1 } }, ifVersions: null, command: null });
	await store.blockSeats({ showtimeId: showtime.id, seats: [5], isBlocked: true, ifVersions: null, command: null });
	const { startsAt, endsAt } = showtime;
	const movedFrom = { startsAt, endsAt };
	await store.reschedule({ showtimeId: showtime.id, scheduleVersion: 2, startsAt, endsAt: endsAt + 1, movedFrom, command: null });
	await store.countLive(showtime.id);
	const repriced = { ...showtime, priceVersion: 2 };
	await useStaffCommands(store, repriced);
	const expiring = await holdSeats(test.withLimits({ holdTtlMs: 1 }), repriced, [4]);
	await waitUntil("the hold to expire", async () => (await store.now(bucket)) >= expiring.booking.expiresAt);
	await store.readSeatMaps(bucket, [showtime.id]);
	await store.readSeatMap(showtime.id);
	await store.findUnopened([showtime.id]);
	await store.loadBooking(expiring.booking);

	const lost = await holdSeats(store, repriced, [8]);
	await store.confirmBooking(lost);
	const owners = [{ seat: 8, bookingId: newBookingId(showtime.id), userId: newUserId() }];
	await store.resolveConflict({ ...lost, version: 3, seats: [8], owners });

	const [held1, sold, stale] = [
		await holdSeats(store, repriced, [10]),
		await holdSeats(store, repriced, [11]),
		await holdSeats(store, repriced, [12]),
	];
	await store.confirmBooking(sold);
	await redis.del(bucketKeys(bucket).outbox);
	const taken: RecordedBooking = { bookingId: newBookingId(showtime.id), userId: newUserId(), state: "CONFIRMED", version: 2, seats: [10] };
	const cancelled: RecordedBooking = { bookingId: stale.bookingId, userId: stale.userId, state: "CANCELLED", version: 3, seats: [] };
	const installed = await installSnapshot(store, { showtime, epoch: 2, bookings: [taken, cancelled], isQuarantined: true });
	expect(installed).toEqual({ outcome: "installed", reemitted: 1 });
	expect((await store.confirmBooking(held1)).outcome).toBe("hold_expired");
	await store.openQuarantined(showtime.id);
	await store.claimShowtime(showtime.id, { token: "given back", ledgerEpoch: 3 });
	await store.giveBackClaim(showtime.id, "given back");
	expect(await redis.exists(showtimeKeys(showtime.id).stagedMap)).toBe(0);
	await useReads(store, showtime, first);
}

/** Calls the commands by which staff change bookings. Leaves the seats from 20 on as they were. */
async function useStaffCommands(store: SeatStore, showtime: OpenShowtime): Promise<void> {
	const command = staffCommand();
	await store.blockSeats({ showtimeId: showtime.id, seats: [20, 21], isBlocked: true, ifVersions: null, command: null });
	const placed = await tryStaffHold(store, showtime, [20], { userId: newUserId(), idempotencyKey: "key" });
	if (placed.outcome !== "held") throw new Error(`the hold of staff was refused: ${placed.outcome}`);
	const { id: bookingId, userId } = placed.booking;
	const change = { bookingId, userId, showtimeId: showtime.id, ifVersion: null, command };
	await store.confirmByStaff(change);
	await store.reseatBooking({ ...change, seats: [21], amounts: [1250] });
	await store.cancelByStaff({ ...change, refundPercent: 50 });
	await store.reviveBooking({ ...change, ledgerVersion: 4, deadlineMs: Number.MAX_SAFE_INTEGER });
	expect((await store.cancelByStaff({ ...change, refundPercent: 0 })).outcome).toBe("cancelled");
	await store.cancelByStaff({ ...change, ...(await holdSeats(store, showtime, [22])), refundPercent: 100 });
}

/** Calls the commands that only read, and those that write without a script. */
async function useReads(store: SeatStore, showtime: OpenShowtime, { bookingId, userId }: ChangeBookingCommand): Promise<void> {
	const bucket = bucketOf(showtime.id);
	const plan = { id: showtime.planId, name: "plan", rows: [], tiers: [] };
	await store.writePlan(bucket, plan);
	await store.readPlan(bucket, plan.id);
	await store.hasPlan(bucket, plan.id);
	expect(await store.findPlan(plan.id)).not.toBeNull();
	await store.readShowtime(showtime.id);
	await store.inspectSeats(showtime.id);
	await store.readOwnSeats(showtime.id, userId, await store.now(bucket));
	await store.readBooking(bookingId);
	const elsewhere = newShowtimeId((bucket + 1) % 16);
	await store.readBookings([bookingId, newBookingId(elsewhere)]);
	await store.findUserBookings(userId, [showtime.id, elsewhere]);
	await store.findUnopened([showtime.id, elsewhere]);
	await store.listRecentBookingIds(userId);
	await store.listLiveHolds(showtime.id);
	for (const showtimeId of await store.listShowtimesToReap(bucket)) await store.reapHolds(showtimeId);
	await store.reapHolds(showtime.id);
	await store.requeueEntry(bucket, { schema: "1" });
	expect((await store.outboxDepths())[bucket]).toBeGreaterThan(0);
	expect(await store.settleLagMs()).toBeGreaterThanOrEqual(0);
	expect((await store.outboxAgesMs())[bucket]).toBeGreaterThanOrEqual(0);
	await store.replicationId(bucket);
	await store.inspectServer("server");
	await store.ping();
	await store.writeHeartbeat(bucket, 1_000);
	expect(await store.listBucketsWithoutHeartbeat()).not.toContain(bucket);
	expect(await store.findOldKey()).toBeNull();
}
