/** A revive: a cancelled booking gets its seats back if they are free, under the version that the ledger has and before its deadline. */
import { BOX_OFFICE_USER_ID, bucketOf, newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { bookingKey, showtimeKeys } from "../keys.ts";
import { buy, holdSeats, sellByStaff } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { depthOf, staffCommand } from "../testing/inspect-showtime.ts";
import {
	bookingEventOf,
	countWrites,
	expectUnchanged,
	openTestStore,
	publishedDuring,
	readRecord,
	type TestStore,
} from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { type ReviveCommand, reviveScript } from "./change-booking-by-staff.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const refusal = <T>(run: () => Promise<T>): Promise<T> => expectUnchanged(test, run);
const NEVER = Number.MAX_SAFE_INTEGER;

/** Sells seats 1 and 2 and cancels the booking. Returns the showtime and the command that revives it. */
async function cancelled(seats = [1, 2]): Promise<{ showtime: Awaited<ReturnType<TestStore["openShowtime"]>>; revive: ReviveCommand }> {
	const showtime = await test.openShowtime();
	const { booking: _booking, ...sold } = await buy(test.store, showtime, seats);
	await test.store.cancelBooking(sold);
	return { showtime, revive: { ...sold, command: staffCommand("By mistake"), ledgerVersion: 3, deadlineMs: NEVER } };
}

it("a revived booking owns its seats from now on, at the next version, with one event that carries the command", async () => {
	const { showtime, revive } = await cancelled();
	const before = await readRecord(test.redis, revive.bookingId);
	let revived: unknown;
	const published = await publishedDuring(test, showtime, async () => {
		revived = await test.store.reviveBooking({ ...revive, ifVersion: 3 });
	});
	expect(revived).toMatchObject({ outcome: "confirmed", booking: { state: "CONFIRMED", version: 4, recorded: false, cancelledAt: null } });
	expect(published).toEqual([expect.stringMatching(/ S 1,2$/)]);
	const keys = showtimeKeys(showtime.id);
	expect(await test.redis.hgetall(keys.owner)).toEqual({ 1: `${revive.bookingId}|0`, 2: `${revive.bookingId}|0` });
	expect(await test.redis.hget(keys.buyers, revive.userId)).toBe(`${revive.bookingId}:0:1,2`);
	const { entry, cancelledAt: _at, ...record } = await readRecord(test.redis, revive.bookingId);
	const { entry: _entry, cancelledAt: _before, ...fields } = before;
	expect(record).toEqual({ ...fields, state: "CONFIRMED", version: "4", confirmedAt: record.confirmedAt });
	expect(Number(record.confirmedAt)).toBeGreaterThanOrEqual(Number(before.cancelledAt));
	expect(await test.redis.pttl(bookingKey(revive.bookingId))).toBe(-1);
	const last = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 })).at(-1);
	expect([last?.entryId, last?.raw.schema]).toEqual([entry, "4"]);
	const staff = { commands: [{ ...revive.command, action: "booking.revived" }], refundPercent: null, seatsBefore: null };
	expect(bookingEventOf(last)).toMatchObject({ type: "booking.confirmed", version: 4, amount: 2500, staff });
});

it("a repeat returns the same booking under the version before or after, writes no event, and refuses other versions", async () => {
	const { showtime, revive } = await cancelled();
	const first = await test.store.reviveBooking(revive);
	const [depth, writes] = [await depthOf(test, showtime), await countWrites(test.redis)];
	for (const ifVersion of [null, 3, 4]) {
		const again = await expectUnchanged(test, () => test.store.reviveBooking({ ...revive, ifVersion, ledgerVersion: null, deadlineMs: 0 }));
		expect(again).toEqual({ ...first, nowMs: expect.any(Number) });
	}
	expect([await depthOf(test, showtime), await countWrites(test.redis)]).toEqual([depth, writes + 3]);
	expect(await refusal(() => test.store.reviveBooking({ ...revive, ifVersion: 2 }))).toEqual({ outcome: "version_mismatch", version: 4 });
});

it("names every seat that has an owner or is blocked, and takes none", async () => {
	const { showtime, revive } = await cancelled([1, 2, 3, 4]);
	await holdSeats(test.store, showtime, [1]);
	await buy(test.store, showtime, [2]);
	await test.store.blockSeats({ showtimeId: showtime.id, seats: [3], isBlocked: true, ifVersions: null, command: null });
	expect(await refusal(() => test.store.reviveBooking(revive))).toEqual({ outcome: "seats_taken", seats: [1, 2, 3] });
});

it("takes the seat of an expired hold from the millisecond of its expiry on", async () => {
	const { showtime, revive } = await cancelled();
	const { booking } = await holdSeats(test.store, showtime, [2]);
	const at = (nowMs: number) => test.at(nowMs, () => test.store.reviveBooking(revive));
	expect((await at(booking.expiresAt - 1)).outcome).toBe("seats_taken");
	expect((await at(booking.expiresAt)).outcome).toBe("confirmed");
});

it("a revive is too_late from the millisecond of its deadline on", async () => {
	const { showtime, revive } = await cancelled();
	const deadlineMs = showtime.salesCloseAt;
	const at = (nowMs: number) => test.at(nowMs, () => test.store.reviveBooking({ ...revive, deadlineMs }));
	expect(await refusal(() => at(deadlineMs))).toEqual({ outcome: "too_late" });
	expect(await refusal(() => at(deadlineMs + 1))).toEqual({ outcome: "too_late" });
	expect((await at(deadlineMs - 1)).outcome).toBe("confirmed");
});

it.each([null, 2, 4])(
	"a revive is not_recorded when the ledger has the booking as cancelled at version %s instead of 3",
	async (ledgerVersion) => {
		const { revive } = await cancelled();
		expect(await refusal(() => test.store.reviveBooking({ ...revive, ledgerVersion }))).toEqual({ outcome: "not_recorded" });
	},
);

it("refuses a hold, a released hold, an expired hold and a conflict with booking_state", async () => {
	const { showtime, revive } = await cancelled();
	const [held, released] = [await holdSeats(test.store, showtime, [5]), await holdSeats(test.store, showtime, [6])];
	await test.store.cancelBooking(released);
	const lost = await buy(test.store, showtime, [7]);
	await test.store.resolveConflict({ ...lost, version: 3, seats: [7], owners: [] });
	const answerOf = ({ bookingId, userId }: typeof held, ledgerVersion: number) =>
		refusal(() => test.store.reviveBooking({ ...revive, bookingId, userId, ledgerVersion }));
	const state = { outcome: "booking_state" };
	expect(await answerOf(held, 1)).toEqual(state);
	expect(await test.at(held.booking.expiresAt, () => answerOf(held, 1))).toEqual(state);
	expect(await answerOf(released, 2)).toEqual(state);
	expect(await answerOf({ ...lost, booking: held.booking }, 3)).toEqual(state);
});

it("a revive is refused for another user, another version, a full outbox, a cancelled showtime and a missing record", async () => {
	const { showtime, revive } = await cancelled();
	const answer = (changes: object, store = test.store) => refusal(() => store.reviveBooking({ ...revive, ...changes }));
	expect(await answer({ userId: newUserId() })).toEqual({ outcome: "not_found" });
	expect(await answer({ ifVersion: 2 })).toEqual({ outcome: "version_mismatch", version: 3 });
	const depth = await depthOf(test, showtime);
	expect(await answer({}, test.withLimits({ outboxMax: depth }))).toEqual({ outcome: "busy" });
	await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null });
	expect(await answer({})).toEqual({ outcome: "showtime_cancelled" });
	await test.redis.del(bookingKey(revive.bookingId));
	expect(await answer({})).toEqual({ outcome: "not_loaded" });
});

it("a revive is possible after the start and after the end of the showtime, beyond every limit of its user", async () => {
	const { showtime, revive } = await cancelled();
	const store = test.withLimits({ seatsPerUserMax: 1, liveHoldsPerUserMax: 1 });
	expect((await test.at(showtime.endsAt, () => store.reviveBooking(revive))).outcome).toBe("confirmed");
});

it("a revived booking can be cancelled and revived again", async () => {
	const { showtime, revive } = await cancelled();
	for (const version of [3, 5, 7]) {
		expect(await test.store.reviveBooking({ ...revive, ledgerVersion: version })).toMatchObject({ booking: { version: version + 1 } });
		await test.store.cancelByStaff({ ...revive, refundPercent: 100 });
	}
	expect(await test.redis.exists(showtimeKeys(showtime.id).owner)).toBe(0);
});

it("gives the box-office account no buyer entry", async () => {
	const showtime = await test.openShowtime();
	const { booking: _booking, ...sold } = await sellByStaff(test.store, showtime, [1]);
	const command = staffCommand();
	await test.store.cancelByStaff({ ...sold, command, refundPercent: 0 });
	expect((await test.store.reviveBooking({ ...sold, command, ledgerVersion: 3, deadlineMs: NEVER })).outcome).toBe("confirmed");
	expect(sold.userId).toBe(BOX_OFFICE_USER_ID);
	expect(await test.redis.exists(showtimeKeys(showtime.id).buyers)).toBe(0);
});

it("covers every status that revive.lua can reply", () => expectEveryReply(test.replies, [reviveScript]));
