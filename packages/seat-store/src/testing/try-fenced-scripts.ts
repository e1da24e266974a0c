/** For tests of this room: every script that stands behind the fence, tried on one showtime. */
import { type Booking, newBookingId, newUserId, type OpenShowtime } from "@holdfast/domain";
import { expect } from "vitest";
import type { ChangeBookingCommand } from "../commands/change-booking.ts";
import type { SeatStore } from "../seat-store.ts";
import { held, hold } from "./buy-seats.ts";
import { ALL_SCRIPTS } from "./inject-clock.ts";
import { type TestStore, unchanged } from "./open-test-store.ts";
import { FENCE_WORDS, isFenced } from "./watch-replies.ts";

/** A showtime with a hold, a sale that waits in the outbox, and one blocked seat. */
export type Scene = {
	readonly showtime: OpenShowtime;
	readonly held: ChangeBookingCommand & { readonly booking: Booking };
	readonly sold: ChangeBookingCommand;
};

export async function setScene(test: TestStore): Promise<Scene> {
	const showtime = await test.openShowtime();
	const [merelyHeld, sold] = [await held(test.store, showtime, [1]), await held(test.store, showtime, [2, 3])];
	await test.store.confirmBooking(sold);
	await test.store.blockSeats({ showtimeId: showtime.id, seats: [4], isBlocked: true });
	return { showtime, held: merelyHeld, sold };
}

/** By script name, a use of it that would be granted on the open scene. */
const USES: Record<string, (store: SeatStore, scene: Scene) => Promise<unknown>> = {
	"place-hold": (store, { showtime }) => hold(store, showtime, [7]),
	extend: (store, { held }) => store.extendHold(held),
	confirm: (store, { held }) => store.confirmBooking(held),
	cancel: (store, { sold }) => store.cancelBooking(sold),
	reap: (store, { showtime }) => store.reapHolds(showtime.id),
	"read-map": (store, { showtime }) => store.readSeatMap(showtime.id),
	"set-terms": (store, { showtime: { id: showtimeId } }) => store.setTerms({ showtimeId, change: { what: "state", state: "paused" } }),
	"block-seats": (store, { showtime: { id: showtimeId } }) => store.blockSeats({ showtimeId, seats: [8], isBlocked: true }),
	reschedule: (store, { showtime: { id: showtimeId, startsAt, endsAt } }) =>
		store.reschedule({ showtimeId, scheduleVersion: 9, startsAt, endsAt }),
	"open-quarantined": (store, { showtime }) => store.openQuarantined(showtime.id),
	"resolve-conflict": (store, { sold }) =>
		store.resolveConflict({
			...sold,
			version: 9,
			seats: [2, 3],
			owners: [{ seat: 2, bookingId: newBookingId(sold.showtimeId), userId: newUserId() }],
		}),
};

/** Each of them is refused with this word and leaves every byte as it was. */
export async function expectAllRefused(test: TestStore, scene: Scene, word: (typeof FENCE_WORDS)[number]): Promise<void> {
	expect(Object.keys(USES).sort()).toEqual(ALL_SCRIPTS.filter(isFenced).map(({ name }) => name));
	// A first reap may take the showtime off the list of expiries; nobody need come by again.
	await USES.reap?.(test.store, scene);
	for (const [name, use] of Object.entries(USES)) {
		await unchanged(test, () => use(test.store, scene));
		expect(test.replies.get(name)?.at(-1), `answer of ${name}.lua`).toBe(word);
	}
}

/** None of them is refused by the fence. */
export async function expectNoneRefused(test: TestStore, scene: Scene): Promise<void> {
	for (const [name, use] of Object.entries(USES)) {
		await use(test.store, scene);
		expect(FENCE_WORDS, `answer of ${name}.lua`).not.toContain(test.replies.get(name)?.at(-1));
	}
}
