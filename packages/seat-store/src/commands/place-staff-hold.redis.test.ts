/** Holds of staff: what they pass, what they do not, and the box-office account, which leaves no keys of its own. */
import { readFileSync } from "node:fs";
import {
	BOX_OFFICE_USER_ID,
	bucketOf,
	DEFAULT_LIMITS,
	ENDED_HOLD_TTL_MS,
	LIMIT_SPECS,
	newBookingId,
	newUserId,
	type ShowtimeId,
} from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, idempotencyKey, showtimeKeys, staffIdempotencyKey, userIndexKey } from "../keys.ts";
import { holdSeats, sellByStaff, tryHold, tryStaffHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { depthOf, lastEntry, metaOf, staffCommand } from "../testing/inspect-showtime.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { bookingEventOf, expectUnchanged, openTestStore, publishedDuring, readRecord, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { placeStaffHoldScript } from "./place-staff-hold.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const refusal = <T>(run: () => Promise<T>): Promise<T> => expectUnchanged(test, run);
const block = (showtimeId: ShowtimeId, seats: number[]) =>
	test.store.blockSeats({ showtimeId, seats, isBlocked: true, ifVersions: null, command: null });

describe("a hold of staff", () => {
	it("has the command in its record, is otherwise like any other hold, and leaves no outbox entry", async () => {
		const [showtime, userId] = [await test.openShowtime(), newUserId()];
		const command = staffCommand("A guest of honour");
		const depth = await depthOf(test, showtime);
		const held = await tryStaffHold(test.store, showtime, [1, 2], { userId, command });
		expect(held).toMatchObject({ outcome: "held", booking: { state: "HELD", version: 1, userId, seats: [1, 2], amount: 2500 } });
		if (held.outcome !== "held") return;
		expect(held.booking.expiresAt).toBe(held.nowMs + DEFAULT_LIMITS.holdTtlMs);
		const keys = showtimeKeys(showtime.id);
		expect(await test.redis.hget(keys.buyers, userId)).toBe(`${held.booking.id}:${held.booking.expiresAt}:1,2`);
		expect(await test.redis.zrange(userIndexKey(bucketOf(showtime.id), userId), "0", "-1")).toEqual([held.booking.id]);
		expect(JSON.parse((await readRecord(test.redis, held.booking.id)).sale ?? "")).toEqual({ action: "booking.sold", ...command });
		expect(await test.redis.pexpiretime(bookingKey(held.booking.id))).toBe(held.booking.expiresAt + ENDED_HOLD_TTL_MS);
		expect(await depthOf(test, showtime)).toBe(depth);
	});

	it.each(["paused", "closed"] as const)("passes a showtime that is %s", async (state) => {
		const showtime = await test.openShowtime();
		await test.store.setTerms({ showtimeId: showtime.id, terms: { state }, ifVersions: null, command: null });
		expect((await tryHold(test.store, showtime, [1])).outcome).not.toBe("held");
		expect((await tryStaffHold(test.store, showtime, [1])).outcome).toBe("held");
	});

	it("passes the sales window on both sides, and ends when the showtime ends", async () => {
		const showtime = await test.openShowtime();
		const { salesOpenAt, salesCloseAt, endsAt } = showtime;
		const early = await test.at(salesOpenAt - 1, () => tryStaffHold(test.store, showtime, [1]));
		const late = await test.at(salesCloseAt, () => tryStaffHold(test.store, showtime, [2]));
		expect([early.outcome, late]).toEqual(["held", expect.objectContaining({ outcome: "held" })]);
		if (late.outcome === "held") expect(late.booking.expiresAt).toBe(salesCloseAt + DEFAULT_LIMITS.holdTtlMs);
		const last = await test.at(endsAt - 1, () => tryStaffHold(test.store, showtime, [3]));
		expect(last).toMatchObject({ outcome: "held", booking: { expiresAt: endsAt } });
		expect(await test.at(endsAt, () => refusal(() => tryStaffHold(test.store, showtime, [4])))).toEqual({ outcome: "showtime_closed" });
	});

	it("passes the limits of a user: seats, live holds and holds per hour", async () => {
		const [showtime, userId] = [await test.openShowtime(), newUserId()];
		const store = test.withLimits({ seatsPerUserMax: 1, liveHoldsPerUserMax: 1, holdsPerHourMax: 1 });
		for (const seat of [1, 2, 3, 4]) expect((await tryStaffHold(store, showtime, [seat], { userId })).outcome).toBe("held");
		expect((await tryHold(store, showtime, [5], { userId })).outcome).toBe("hold_limit");
	});

	it("takes the most seats that a booking can have whatever SEATS_PER_BOOKING_MAX says, and not one more", async () => {
		const showtime = await test.openShowtime();
		const store = test.withLimits({ seatsPerBookingMax: 1 });
		const most = Array.from({ length: LIMIT_SPECS.seatsPerBookingMax.max }, (_, seat) => seat);
		expect((await tryStaffHold(store, showtime, most)).outcome).toBe("held");
		await expect(
			tryStaffHold(
				store,
				showtime,
				[...most, most.length].map((seat) => seat + 20),
			),
		).rejects.toThrow("11 seats");
	});

	it("never takes a seat that has an owner, and names every one of them", async () => {
		const showtime = await test.openShowtime();
		await holdSeats(test.store, showtime, [1]);
		await sellByStaff(test.store, showtime, [2]);
		await block(showtime.id, [3]);
		const taken = await refusal(() => tryStaffHold(test.store, showtime, [1, 2, 3, 4]));
		expect(taken).toEqual({ outcome: "seats_taken", seats: [1, 2] });
	});

	it("never takes a seat in quarantine, which may have been sold", async () => {
		const showtime = await test.openShowtime();
		await installSnapshot(test.store, { showtime, epoch: 2, isQuarantined: true });
		expect(await refusal(() => tryStaffHold(test.store, showtime, [1]))).toEqual({ outcome: "seats_taken", seats: [1] });
	});

	it("takes the seat of an expired hold from the millisecond of its expiry on", async () => {
		const showtime = await test.openShowtime();
		const { booking } = await holdSeats(test.store, showtime, [1]);
		expect((await test.at(booking.expiresAt - 1, () => tryStaffHold(test.store, showtime, [1]))).outcome).toBe("seats_taken");
		expect((await test.at(booking.expiresAt, () => tryStaffHold(test.store, showtime, [1]))).outcome).toBe("held");
	});

	it("is refused at a cancelled showtime, replays included", async () => {
		const showtime = await test.openShowtime();
		const bookingId = newBookingId(showtime.id);
		await tryStaffHold(test.store, showtime, [1], { bookingId });
		await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null });
		const again = () => tryStaffHold(test.store, showtime, [1], { bookingId });
		expect(await refusal(again)).toEqual({ outcome: "showtime_cancelled" });
	});

	it("answers stale_prices for another price version, and throws for a seat beyond the plan", async () => {
		const showtime = await test.openShowtime();
		const stale = { ...showtime, priceVersion: showtime.priceVersion + 1 };
		expect(await refusal(() => tryStaffHold(test.store, stale, [1]))).toEqual({ outcome: "stale_prices" });
		await expect(refusal(() => tryStaffHold(test.store, showtime, [showtime.seatCount]))).rejects.toThrow("beyond the plan");
	});

	it("replays its booking id, and its idempotency key per actor, customer and seats", async () => {
		const [showtime, userId, command] = [await test.openShowtime(), newUserId(), staffCommand()];
		const options = { userId, command, idempotencyKey: "k" };
		const first = await tryStaffHold(test.store, showtime, [1], options);
		if (first.outcome !== "held") throw new Error(first.outcome);
		expect(await refusal(() => tryStaffHold(test.store, showtime, [1], { ...options, bookingId: first.booking.id }))).toEqual({
			...first,
			nowMs: expect.any(Number),
		});
		expect(await refusal(() => tryStaffHold(test.store, showtime, [1], options))).toEqual({
			outcome: "replayed",
			bookingId: first.booking.id,
		});
		const mismatch = { outcome: "idempotency_mismatch" };
		expect(await refusal(() => tryStaffHold(test.store, showtime, [2], options))).toEqual(mismatch);
		expect(await refusal(() => tryStaffHold(test.store, showtime, [1], { ...options, userId: newUserId() }))).toEqual(mismatch);
		// The key is the actor's: neither the customer's nor a colleague's use of the same key is affected.
		expect(await test.redis.exists(idempotencyKey(userId, showtime.id, "k"))).toBe(0);
		expect(await test.redis.exists(staffIdempotencyKey(command.actor, showtime.id, "k"))).toBe(1);
		expect((await tryHold(test.store, showtime, [2], { userId: command.actor, idempotencyKey: "k" })).outcome).toBe("held");
		expect((await tryStaffHold(test.store, showtime, [3], { idempotencyKey: "k" })).outcome).toBe("held");
	});
});

describe("a blocked seat that staff sell", () => {
	it("is off the list of blocked seats from the hold on, with an event of the showtime that carries the command", async () => {
		const showtime = await test.openShowtime();
		await block(showtime.id, [3, 4, 5]);
		const before = await metaOf(test, showtime);
		const command = staffCommand("The mayor's seat");
		const published = await publishedDuring(test, showtime, () => tryStaffHold(test.store, showtime, [2, 4], { command }));
		expect(published).toEqual([expect.stringMatching(/ H 2,4$/)]);
		const meta = await metaOf(test, showtime);
		expect([meta.blockedSeats, meta.showtimeVersion]).toEqual(["3,5", String(Number(before.showtimeVersion) + 1)]);
		const { event, raw } = await lastEntry(test, showtime);
		expect(event).toMatchObject({ type: "showtime.seats_unblocked", blockedSeats: [3, 5], command });
		expect(raw.schema).toBe("3");
	});

	it.each(["released", "expired", "cancelled"])("is free and not blocked once its booking is %s", async (how) => {
		const showtime = await test.openShowtime();
		await block(showtime.id, [4]);
		const held = await tryStaffHold(test.store, showtime, [4]);
		if (held.outcome !== "held") throw new Error(held.outcome);
		const change = { bookingId: held.booking.id, showtimeId: showtime.id, userId: held.booking.userId, ifVersion: null };
		if (how === "cancelled") await test.store.confirmBooking(change);
		if (how !== "expired") await test.store.cancelBooking(change);
		const nowMs = how === "expired" ? held.booking.expiresAt : await test.store.now(bucketOf(showtime.id));
		expect((await test.at(nowMs, () => tryHold(test.store, showtime, [4]))).outcome).toBe("held");
	});

	it("makes the hold busy when the outbox is full; a hold without blocked seats needs no place in it", async () => {
		const showtime = await test.openShowtime();
		await block(showtime.id, [4]);
		const depth = await depthOf(test, showtime);
		const full = test.withLimits({ outboxMax: depth });
		expect(await refusal(() => tryStaffHold(full, showtime, [4]))).toEqual({ outcome: "busy" });
		expect((await tryStaffHold(full, showtime, [3])).outcome).toBe("held");
		expect((await tryStaffHold(test.withLimits({ outboxMax: depth + 1 }), showtime, [4])).outcome).toBe("held");
	});
});

describe("the confirm of a hold of staff", () => {
	it("carries the command of the hold, whether the customer confirms it or staff do", async () => {
		const [showtime, userId] = [await test.openShowtime(), newUserId()];
		const [sale, confirm] = [staffCommand("Sold at the desk"), { ...staffCommand("Paid in cash"), requestId: "request-2" }];
		const options = { userId, command: sale };
		const sold = await sellByStaff(test.store, showtime, [1], options);
		const held = await tryStaffHold(test.store, showtime, [2], options);
		if (held.outcome !== "held") throw new Error(held.outcome);
		await test.store.confirmByStaff({ ...sold, bookingId: held.booking.id, command: confirm });
		const entries = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 })).slice(-2);
		expect(entries.map(({ raw }) => raw.schema)).toEqual(["4", "4"]);
		const nothingElse = { refundPercent: null, seatsBefore: null };
		expect(entries.map((entry) => bookingEventOf(entry).staff)).toEqual([
			{ commands: [{ ...sale, action: "booking.sold" }], ...nothingElse },
			{
				commands: [
					{ ...sale, action: "booking.sold" },
					{ ...confirm, action: "booking.confirmed" },
				],
				...nothingElse,
			},
		]);
		expect((await readRecord(test.redis, held.booking.id)).sale).toBeUndefined();
		expect(entries[1]?.raw.booking).not.toContain("sale");
	});
});

describe("the box-office account", () => {
	it("has the same id in the domain and in buyers.lua", () => {
		const lua = readFileSync(new URL("../scripts/include/buyers.lua", import.meta.url), "utf8");
		expect(/BOX_OFFICE = '([^']+)'/.exec(lua)?.[1]).toBe(BOX_OFFICE_USER_ID);
	});

	it("gets no index and no buyer entry from a hold, an extension, a confirm, a reap and a release", async () => {
		const showtime = await test.openShowtime();
		const sold = await sellByStaff(test.store, showtime, [1]);
		const held = await tryStaffHold(test.store, showtime, [2]);
		const expiring = await tryStaffHold(test.withLimits({ holdTtlMs: 1 }), showtime, [3]);
		if (held.outcome !== "held" || expiring.outcome !== "held") throw new Error("a hold was refused");
		await test.store.extendHold({ ...sold, bookingId: held.booking.id });
		await test.at(expiring.booking.expiresAt, () => test.store.reapHolds(showtime.id));
		await test.store.cancelBooking({ ...sold, bookingId: held.booking.id });
		expect(await test.redis.exists(showtimeKeys(showtime.id).buyers, userIndexKey(bucketOf(showtime.id), BOX_OFFICE_USER_ID))).toBe(0);
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 1: `${sold.bookingId}|0` });
	});
});

it("covers every status that place-staff-hold.lua can reply", () => expectEveryReply(test.replies, [placeStaffHoldScript]));
