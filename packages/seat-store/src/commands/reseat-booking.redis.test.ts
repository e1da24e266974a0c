/** A reseat: a confirmed booking moves to other seats of the same amount, all of them or none. */
import { bucketOf, newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { bookingKey, showtimeKeys } from "../keys.ts";
import { buy, holdSeats, sellByStaff, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { depthOf, metaOf, staffCommand } from "../testing/inspect-showtime.ts";
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
import { type ReseatCommand, reseatScript } from "./change-booking-by-staff.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const refusal = <T>(run: () => Promise<T>): Promise<T> => expectUnchanged(test, run);

/** Sells seats 1 and 2. Returns the showtime and the command that moves the booking to seats 5 and 6. */
async function sold(): Promise<{ showtime: Awaited<ReturnType<TestStore["openShowtime"]>>; reseat: ReseatCommand }> {
	const showtime = await test.openShowtime();
	const { booking: _booking, ...command } = await buy(test.store, showtime, [1, 2]);
	return { showtime, reseat: { ...command, command: staffCommand("A broken seat"), seats: [5, 6], amounts: [1250, 1250] } };
}
const entriesOf = async (showtimeId: Parameters<typeof bucketOf>[0], count: number) =>
	(await test.store.readBatch(bucketOf(showtimeId), { afterEntryId: null, limit: 500 })).slice(-count);

it("moves the booking in one step: old seats free, new seats sold, both published, and one event with the seats before", async () => {
	const { showtime, reseat } = await sold();
	const before = await readRecord(test.redis, reseat.bookingId);
	let moved: unknown;
	const amounts = [1000, 1500];
	const published = await publishedDuring(test, showtime, async () => {
		moved = await test.store.reseatBooking({ ...reseat, amounts, ifVersion: 2 });
	});
	expect(moved).toMatchObject({ outcome: "reseated", booking: { state: "CONFIRMED", version: 3, seats: [5, 6], amounts, amount: 2500 } });
	expect(published).toEqual([expect.stringMatching(/ A 1,2$/), expect.stringMatching(/ S 5,6$/)]);
	const keys = showtimeKeys(showtime.id);
	expect(await test.redis.hgetall(keys.owner)).toEqual({ 5: `${reseat.bookingId}|0`, 6: `${reseat.bookingId}|0` });
	expect(await test.redis.hget(keys.buyers, reseat.userId)).toBe(`${reseat.bookingId}:0:5,6`);
	const { entry, ...record } = await readRecord(test.redis, reseat.bookingId);
	const { entry: _entry, ...fields } = before;
	expect(record).toEqual({ ...fields, version: "3", seats: "5,6", amounts: "1000,1500" });
	expect(await test.redis.pttl(bookingKey(reseat.bookingId))).toBe(-1);
	const [last] = await entriesOf(showtime.id, 1);
	expect([last?.entryId, last?.raw.schema]).toEqual([entry, "4"]);
	const staff = { commands: [{ ...reseat.command, action: "booking.reseated" }], refundPercent: null, seatsBefore: [1, 2] };
	expect(bookingEventOf(last)).toMatchObject({ type: "booking.reseated", version: 3, seats: [5, 6], staff });
	expect((await tryHold(test.store, showtime, [1, 2])).outcome).toBe("held");
});

it("keeps a seat that the booking has already", async () => {
	const { showtime, reseat } = await sold();
	const published = await publishedDuring(test, showtime, () => test.store.reseatBooking({ ...reseat, seats: [2, 3] }));
	expect(published).toEqual([expect.stringMatching(/ A 1$/), expect.stringMatching(/ S 3$/)]);
	expect(Object.keys(await test.redis.hgetall(showtimeKeys(showtime.id).owner))).toEqual(["2", "3"]);
});

it("a repeat returns the same booking under the version before or after, writes no event, and refuses other versions", async () => {
	const { showtime, reseat } = await sold();
	const first = await test.store.reseatBooking(reseat);
	const [depth, writes] = [await depthOf(test, showtime), await countWrites(test.redis)];
	for (const ifVersion of [null, 2, 3]) {
		const again = await expectUnchanged(test, () => test.store.reseatBooking({ ...reseat, ifVersion }));
		expect(again).toEqual({ ...first, nowMs: expect.any(Number) });
	}
	expect([await depthOf(test, showtime), await countWrites(test.redis)]).toEqual([depth, writes + 3]);
	const answer = (changes: object) => refusal(() => test.store.reseatBooking({ ...reseat, ...changes }));
	expect(await answer({ ifVersion: 1 })).toEqual({ outcome: "version_mismatch", version: 3 });
	expect(await answer({ ifVersion: 2, seats: [7, 8] })).toEqual({ outcome: "version_mismatch", version: 3 });
});

it("names every seat that has another owner, and moves none", async () => {
	const { showtime, reseat } = await sold();
	await holdSeats(test.store, showtime, [5]);
	expect(await refusal(() => test.store.reseatBooking(reseat))).toEqual({ outcome: "seats_taken", seats: [5] });
	await buy(test.store, showtime, [6]);
	expect(await refusal(() => test.store.reseatBooking(reseat))).toEqual({ outcome: "seats_taken", seats: [5, 6] });
});

it("takes the seat of an expired hold from the millisecond of its expiry on, and the reaper leaves it alone", async () => {
	const { showtime, reseat } = await sold();
	const { booking } = await holdSeats(test.store, showtime, [5]);
	const at = (nowMs: number) => test.at(nowMs, () => test.store.reseatBooking(reseat));
	expect((await at(booking.expiresAt - 1)).outcome).toBe("seats_taken");
	expect((await at(booking.expiresAt)).outcome).toBe("reseated");
	await test.at(booking.expiresAt, () => test.store.reapHolds(showtime.id));
	expect(Object.keys(await test.redis.hgetall(showtimeKeys(showtime.id).owner))).toEqual(["5", "6"]);
});

it("passes blocked seats, which are off the list of blocked seats then, with an event of the showtime before the booking's", async () => {
	const { showtime, reseat } = await sold();
	await test.store.blockSeats({ showtimeId: showtime.id, seats: [4, 5], isBlocked: true, ifVersions: null, command: null });
	expect((await test.store.reseatBooking(reseat)).outcome).toBe("reseated");
	expect((await metaOf(test, showtime)).blockedSeats).toBe("4");
	const entries = await entriesOf(showtime.id, 2);
	expect(entries.map(({ event }) => event)).toMatchObject([
		{ type: "showtime.seats_unblocked", blockedSeats: [4], command: reseat.command },
		{ type: "booking.reseated" },
	]);
	await test.store.cancelByStaff({ ...reseat, refundPercent: 0 });
	expect((await tryHold(test.store, showtime, [5])).outcome).toBe("held");
});

it("refuses another amount and another number of seats, and says what the booking has", async () => {
	const { reseat } = await sold();
	const answer = (seats: number[], amounts: number[]) => refusal(() => test.store.reseatBooking({ ...reseat, seats, amounts }));
	expect(await answer([5, 6], [1250, 1251])).toEqual({ outcome: "amount_differs", amount: 2500 });
	expect(await answer([5], [2500])).toEqual({ outcome: "seat_count_differs", count: 2 });
	expect(await answer([5, 6, 7], [1250, 1250, 0])).toEqual({ outcome: "seat_count_differs", count: 2 });
});

it("refuses a hold, a cancelled booking and a conflict with booking_state", async () => {
	const { showtime, reseat } = await sold();
	const lost = await buy(test.store, showtime, [8, 9]);
	await test.store.resolveConflict({ ...lost, version: 3, seats: [8, 9], owners: [] });
	const held = await holdSeats(test.store, showtime, [3, 4]);
	for (const { bookingId, userId } of [lost, held]) {
		const answer = await refusal(() => test.store.reseatBooking({ ...reseat, bookingId, userId }));
		expect(answer).toEqual({ outcome: "booking_state" });
	}
	await test.store.cancelBooking(reseat);
	expect(await refusal(() => test.store.reseatBooking(reseat))).toEqual({ outcome: "booking_state" });
	// The seats that it had are not its seats any more.
	expect(await refusal(() => test.store.reseatBooking({ ...reseat, seats: [1, 2] }))).toEqual({ outcome: "booking_state" });
});

it("a reseat is refused for another user, a full outbox, a cancelled showtime and a missing record, and throws beyond the plan", async () => {
	const { showtime, reseat } = await sold();
	const answer = (changes: object, store = test.store) => refusal(() => store.reseatBooking({ ...reseat, ...changes }));
	expect(await answer({ userId: newUserId() })).toEqual({ outcome: "not_found" });
	expect(await answer({}, test.withLimits({ outboxMax: await depthOf(test, showtime) }))).toEqual({ outcome: "busy" });
	await expect(answer({ seats: [5, showtime.seatCount] })).rejects.toThrow("beyond the plan");
	await expect(answer({ seats: [6, 5] })).rejects.toThrow("ascending");
	await expect(answer({ seats: [5, 5] })).rejects.toThrow("ascending");
	await expect(answer({ seats: [5, 6, 7] })).rejects.toThrow("2 amounts for 3 seats");
	await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null });
	expect(await answer({})).toEqual({ outcome: "showtime_cancelled" });
	await test.redis.del(bookingKey(reseat.bookingId));
	expect(await answer({})).toEqual({ outcome: "not_loaded" });
});

it("gives the box-office account no buyer entry, and frees its old seat", async () => {
	const showtime = await test.openShowtime();
	const { booking: _booking, ...command } = await sellByStaff(test.store, showtime, [1]);
	const moved = await test.store.reseatBooking({ ...command, command: staffCommand(), seats: [2], amounts: [1250] });
	expect(moved.outcome).toBe("reseated");
	expect(await test.redis.exists(showtimeKeys(showtime.id).buyers)).toBe(0);
	expect(Object.keys(await test.redis.hgetall(showtimeKeys(showtime.id).owner))).toEqual(["2"]);
});

it("covers every status that reseat.lua can reply", () => expectEveryReply(test.replies, [reseatScript]));
