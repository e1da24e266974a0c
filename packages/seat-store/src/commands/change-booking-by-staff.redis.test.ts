/** How staff confirm and cancel: what they may do that a user may not, and what the outbox entry says about it. */
import { bucketOf, ENDED_HOLD_TTL_MS, newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, showtimeKeys } from "../keys.ts";
import { buy, holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { depthOf, staffCommand } from "../testing/inspect-showtime.ts";
import { bookingEventOf, expectUnchanged, openTestStore, readRecord, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const refusal = <T>(run: () => Promise<T>): Promise<T> => expectUnchanged(test, run);
const lastOf = async (showtimeId: Parameters<typeof bucketOf>[0]) =>
	(await test.store.readBatch(bucketOf(showtimeId), { afterEntryId: null, limit: 500 })).at(-1);

describe("a confirm by staff", () => {
	it("sells the hold to its own user, and its entry carries the command", async () => {
		const [showtime, command] = [await test.openShowtime(), staffCommand("Paid in cash")];
		const held = await holdSeats(test.store, showtime, [1]);
		const confirmed = await test.store.confirmByStaff({ ...held, ifVersion: 1, command });
		expect(confirmed).toMatchObject({ outcome: "confirmed", booking: { userId: held.userId, version: 2 } });
		const entry = await lastOf(showtime.id);
		expect(entry?.raw.schema).toBe("4");
		expect(bookingEventOf(entry).staff?.commands).toEqual([{ ...command, action: "booking.confirmed" }]);
		const again = await expectUnchanged(test, () => test.store.confirmByStaff({ ...held, ifVersion: 1, command }));
		expect(again).toEqual({ ...confirmed, nowMs: expect.any(Number) });
	});

	it("is refused like a user's: another user, another version, an expired hold, a cancelled booking", async () => {
		const [showtime, command] = [await test.openShowtime(), staffCommand()];
		const held = await holdSeats(test.store, showtime, [1]);
		const confirm = (changes: object) => refusal(() => test.store.confirmByStaff({ ...held, command, ...changes }));
		expect(await confirm({ userId: newUserId() })).toEqual({ outcome: "not_found" });
		expect(await confirm({ ifVersion: 7 })).toEqual({ outcome: "version_mismatch", version: 1 });
		expect(await test.at(held.booking.expiresAt, () => confirm({}))).toEqual({ outcome: "hold_expired" });
		await test.store.cancelBooking(held);
		expect(await confirm({})).toEqual({ outcome: "booking_state" });
	});
});

describe("a cancel by staff", () => {
	it.each([0, 50, 100])(
		"cancels a confirmed booking, and its entry carries the command and a refund of %d percent",
		async (refundPercent) => {
			const [showtime, command] = [await test.openShowtime(), staffCommand("The customer is ill")];
			const sold = await buy(test.store, showtime, [1, 2]);
			const cancelled = await test.store.cancelByStaff({ ...sold, ifVersion: 2, command, refundPercent });
			expect(cancelled).toMatchObject({ outcome: "cancelled", booking: { state: "CANCELLED", version: 3 } });
			const staff = { commands: [{ ...command, action: "booking.cancelled" }], refundPercent, seatsBefore: null };
			expect(bookingEventOf(await lastOf(showtime.id)).staff).toEqual(staff);
			expect((await tryHold(test.store, showtime, [1, 2])).outcome).toBe("held");
			const depth = await depthOf(test, showtime);
			await expectUnchanged(test, () => test.store.cancelByStaff({ ...sold, ifVersion: 2, command, refundPercent }));
			expect(await depthOf(test, showtime)).toBe(depth);
		},
	);

	it("keeps the refund in the record until a revive, for a ledger that lacks the cancel", async () => {
		const [showtime, command] = [await test.openShowtime(), staffCommand()];
		const [mine, theirs] = [await buy(test.store, showtime, [1]), await buy(test.store, showtime, [2])];
		await test.store.cancelByStaff({ ...mine, command, refundPercent: 50 });
		await test.store.cancelBooking(theirs);
		expect((await readRecord(test.redis, mine.bookingId)).refundPercent).toBe("50");
		expect((await readRecord(test.redis, theirs.bookingId)).refundPercent).toBeUndefined();
		await test.store.reviveBooking({ ...mine, command, ledgerVersion: 3, deadlineMs: Number.MAX_SAFE_INTEGER });
		expect((await readRecord(test.redis, mine.bookingId)).refundPercent).toBeUndefined();
	});

	it("is possible from the start of the showtime on, also after its end, when a user is refused", async () => {
		const [showtime, command] = [await test.openShowtime(), staffCommand()];
		const [first, second] = [await buy(test.store, showtime, [1]), await buy(test.store, showtime, [2])];
		const { startsAt, endsAt } = showtime;
		expect((await test.at(startsAt, () => test.store.cancelBooking(first))).outcome).toBe("showtime_started");
		expect((await test.at(startsAt, () => test.store.cancelByStaff({ ...first, command, refundPercent: 0 }))).outcome).toBe("cancelled");
		expect((await test.at(endsAt, () => test.store.cancelByStaff({ ...second, command, refundPercent: 0 }))).outcome).toBe("cancelled");
	});

	it("releases a hold with an entry for the audit trail alone, and keeps the expiry of its record", async () => {
		const [showtime, command] = [await test.openShowtime(), staffCommand("Double click")];
		const held = await holdSeats(test.store, showtime, [1, 2]);
		const released = await test.store.cancelByStaff({ ...held, command, refundPercent: 100 });
		expect(released).toMatchObject({ outcome: "cancelled", booking: { state: "CANCELLED", version: 2, recorded: false } });
		const entry = await lastOf(showtime.id);
		expect(entry?.event).toMatchObject({ type: "admin.released", bookingId: held.bookingId, version: 2, seats: [1, 2], confirmedAt: null });
		expect(entry?.raw.schema).toBe("4");
		expect(await test.redis.exists(showtimeKeys(showtime.id).owner)).toBe(0);
		expect(await test.redis.pexpiretime(bookingKey(held.bookingId))).toBe(held.booking.expiresAt + ENDED_HOLD_TTL_MS);
		const depth = await depthOf(test, showtime);
		await expectUnchanged(test, () => test.store.cancelByStaff({ ...held, command, refundPercent: 100 }));
		expect(await depthOf(test, showtime)).toBe(depth);
	});

	it("leaves an expired hold as it is, without an entry", async () => {
		const [showtime, command] = [await test.openShowtime(), staffCommand()];
		const held = await holdSeats(test.store, showtime, [1]);
		const late = () => refusal(() => test.store.cancelByStaff({ ...held, command, refundPercent: 0 }));
		expect(await test.at(held.booking.expiresAt, late)).toMatchObject({ outcome: "cancelled", booking: { state: "HELD" } });
	});

	it("is refused for another user and another version, and busy at a full outbox, of a hold as well", async () => {
		const [showtime, command] = [await test.openShowtime(), staffCommand()];
		const [sold, held] = [await buy(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
		const full = test.withLimits({ outboxMax: await depthOf(test, showtime) });
		const cancel = (store: TestStore["store"], changes: object) =>
			refusal(() => store.cancelByStaff({ ...sold, command, refundPercent: 0, ...changes }));
		expect(await cancel(test.store, { userId: newUserId() })).toEqual({ outcome: "not_found" });
		expect(await cancel(test.store, { ifVersion: 1 })).toEqual({ outcome: "version_mismatch", version: 2 });
		expect(await cancel(full, {})).toEqual({ outcome: "busy" });
		expect(await cancel(full, held)).toEqual({ outcome: "busy" });
		expect((await full.cancelBooking(held)).outcome).toBe("cancelled");
	});

	it.each([-1, 101, 0.5, Number.NaN])("throws for a refund of %d percent and changes nothing", async (refundPercent) => {
		const sold = await buy(test.store, await test.openShowtime(), [1]);
		const cancel = () => test.store.cancelByStaff({ ...sold, command: staffCommand(), refundPercent });
		await expect(refusal(cancel)).rejects.toThrow("percent");
	});
});
