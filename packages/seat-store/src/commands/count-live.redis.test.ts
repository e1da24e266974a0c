/** Tests the count of what customers have of a showtime. */
import { newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { holdSeats } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { countLiveScript } from "./count-live.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const NOTHING = { outcome: "counted", holds: 0, heldSeats: 0, bookings: 0, soldSeats: 0, quarantinedSeats: 0 };

describe("countLive", () => {
	it("counts live holds, sold bookings and their seats, and changes nothing", async () => {
		const showtime = await test.openShowtime();
		const count = () => expectUnchanged(test, () => test.store.countLive(showtime.id));
		expect(await count()).toEqual(NOTHING);
		const userId = newUserId();
		const [first, second] = [
			await holdSeats(test.store, showtime, [1, 2, 3], { userId }),
			await holdSeats(test.store, showtime, [4], { userId }),
		];
		await holdSeats(test.store, showtime, [5, 6]);
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [90], isBlocked: true, ifVersions: null, command: null });
		expect(await count()).toEqual({ ...NOTHING, holds: 3, heldSeats: 6 });
		await test.store.confirmBooking(first);
		expect(await count()).toEqual({ ...NOTHING, holds: 2, heldSeats: 3, bookings: 1, soldSeats: 3 });
		await test.store.cancelBooking(first);
		await test.store.cancelBooking(second);
		expect(await count()).toEqual({ ...NOTHING, holds: 1, heldSeats: 2 });
	});

	it("does not count a hold from the millisecond on which it expires, reaped or not", async () => {
		const showtime = await test.openShowtime();
		const { booking } = await holdSeats(test.store, showtime, [1, 2]);
		const countAt = (nowMs: number) => test.at(nowMs, () => expectUnchanged(test, () => test.store.countLive(showtime.id)));
		expect(await countAt(booking.expiresAt - 1)).toEqual({ ...NOTHING, holds: 1, heldSeats: 2 });
		expect(await countAt(booking.expiresAt)).toEqual(NOTHING);
		expect(await countAt(booking.expiresAt + 1)).toEqual(NOTHING);
	});

	it("counts the seats in quarantine, which may have been sold", async () => {
		const showtime = await test.openShowtime({ seatCount: 6 });
		await installSnapshot(test.store, { showtime, epoch: 2, blockedSeats: [5], isQuarantined: true });
		expect(await test.store.countLive(showtime.id)).toEqual({ ...NOTHING, quarantinedSeats: 5 });
	});
});

it("covers every status that count-live.lua can reply", () => expectEveryReply(test.replies, [countLiveScript]));
