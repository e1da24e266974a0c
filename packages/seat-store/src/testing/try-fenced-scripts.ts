/** Test helpers that run every script that checks the fence, on one showtime, and check whether the fence refuses it. */
import { type Booking, newBookingId, newUserId, type OpenShowtime } from "@holdfast/domain";
import { expect } from "vitest";
import type { ChangeBookingCommand } from "../commands/change-booking.ts";
import type { SeatStore } from "../seat-store.ts";
import { buy, holdSeats, tryHold, tryStaffHold } from "./buy-seats.ts";
import { ALL_SCRIPTS } from "./inject-clock.ts";
import { staffCommand } from "./inspect-showtime.ts";
import { expectUnchanged, type TestStore } from "./open-test-store.ts";
import { FENCE_STATUSES, isFenced } from "./watch-replies.ts";

/** A showtime with a hold, a confirmed booking whose event is in the outbox, and one blocked seat. */
export type ShowtimeWithBookings = {
	readonly showtime: OpenShowtime;
	readonly held: ChangeBookingCommand & { readonly booking: Booking };
	readonly sold: ChangeBookingCommand;
	/** Confirmed, and then cancelled at version 3. */
	readonly cancelled: ChangeBookingCommand;
};

/** Installs the showtime and makes its bookings. */
export async function openShowtimeWithBookings(test: TestStore): Promise<ShowtimeWithBookings> {
	const showtime = await test.openShowtime();
	const [pending, sold] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2, 3])];
	await test.store.confirmBooking(sold);
	await test.store.blockSeats({ showtimeId: showtime.id, seats: [4], isBlocked: true, ifVersions: null, command: null });
	const cancelled = await buy(test.store, showtime, [5]);
	await test.store.cancelBooking(cancelled);
	return { showtime, held: pending, sold, cancelled };
}

/** A call of each script, by script name, that succeeds while the showtime is open. */
const CALLS: Record<string, (store: SeatStore, opened: ShowtimeWithBookings) => Promise<unknown>> = {
	"place-hold": (store, { showtime }) => tryHold(store, showtime, [7]),
	"place-staff-hold": (store, { showtime }) => tryStaffHold(store, showtime, [9]),
	revive: (store, { cancelled }) =>
		store.reviveBooking({ ...cancelled, command: staffCommand(), ledgerVersion: 3, deadlineMs: Number.MAX_SAFE_INTEGER }),
	reseat: (store, { sold }) => store.reseatBooking({ ...sold, command: staffCommand(), seats: [2, 6], amounts: [1250, 1250] }),
	extend: (store, { held }) => store.extendHold(held),
	confirm: (store, { held }) => store.confirmBooking(held),
	cancel: (store, { sold }) => store.cancelBooking(sold),
	reap: (store, { showtime }) => store.reapHolds(showtime.id),
	"read-map": (store, { showtime }) => store.readSeatMap(showtime.id),
	"set-terms": (store, { showtime: { id: showtimeId } }) =>
		store.setTerms({ showtimeId, terms: { state: "paused" }, ifVersions: null, command: null }),
	"block-seats": (store, { showtime: { id: showtimeId } }) =>
		store.blockSeats({ showtimeId, seats: [8], isBlocked: true, ifVersions: null, command: null }),
	reschedule: (store, { showtime: { id: showtimeId, startsAt, endsAt } }) =>
		store.reschedule({ showtimeId, scheduleVersion: 9, startsAt, endsAt, movedFrom: { startsAt, endsAt }, command: null }),
	"count-live": (store, { showtime }) => store.countLive(showtime.id),
	"open-quarantined": (store, { showtime }) => store.openQuarantined(showtime.id),
	"resolve-conflict": (store, { sold }) =>
		store.resolveConflict({
			...sold,
			version: 9,
			seats: [2, 3],
			owners: [{ seat: 2, bookingId: newBookingId(sold.showtimeId), userId: newUserId() }],
		}),
};

/** Checks that the fence refuses every script with `status`, and that none changes anything in Redis. */
export async function expectAllRefused(
	test: TestStore,
	opened: ShowtimeWithBookings,
	status: (typeof FENCE_STATUSES)[number],
): Promise<void> {
	expect(Object.keys(CALLS).sort()).toEqual(ALL_SCRIPTS.filter(isFenced).map(({ name }) => name));
	// A refused reap may remove the showtime from the bucket's list of expiries once, so one reap comes before the comparison.
	await CALLS.reap?.(test.store, opened);
	for (const [name, call] of Object.entries(CALLS)) {
		await expectUnchanged(test, () => call(test.store, opened));
		expect(test.replies.get(name)?.at(-1), `status of ${name}.lua`).toBe(status);
	}
}

/** Checks that the fence refuses none of the scripts. Each runs once and changes the showtime. */
export async function expectNoneRefused(test: TestStore, opened: ShowtimeWithBookings): Promise<void> {
	for (const [name, call] of Object.entries(CALLS)) {
		await call(test.store, opened);
		expect(FENCE_STATUSES, `status of ${name}.lua`).not.toContain(test.replies.get(name)?.at(-1));
	}
}
