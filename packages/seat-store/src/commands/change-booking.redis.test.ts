import { bucketOf, ENDED_HOLD_TTL_MS, newBookingId, newShowtimeId, newUserId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
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
import { cancelScript, confirmScript } from "./change-booking.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const refusal = <T>(run: () => Promise<T>): Promise<T> => expectUnchanged(test, run);

describe("confirm", () => {
	it("sells the seats and appends an event to the outbox in one step", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const command = await holdSeats(store, showtime, [1, 2]);
		const confirmed = await store.confirmBooking(command);
		const keys = showtimeKeys(showtime.id);
		const bucket = bucketKeys(bucketOf(showtime.id));

		expect(confirmed).toMatchObject({ outcome: "confirmed", booking: { state: "CONFIRMED", version: 2, recorded: false } });
		expect(await redis.hgetall(keys.owner)).toEqual({ 1: `${command.bookingId}|0`, 2: `${command.bookingId}|0` });
		expect(await redis.get(keys.map)).toBe(`ASS${"A".repeat(97)}`);
		expect(await redis.zcard(keys.expiry)).toBe(0);
		expect(await redis.hget(keys.buyers, command.userId)).toBe(`${command.bookingId}:0:1,2`);
		expect(await redis.pttl(bookingKey(command.bookingId))).toBe(-1);
		const [entry] = await store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 }).then((all) => all.slice(-1));
		expect(entry).toMatchObject({
			epoch: 1,
			event: { type: "booking.confirmed", bookingId: command.bookingId, version: 2, seats: [1, 2], amount: 2500, cancelledAt: null },
		});
		expect(String(entry?.event?.seq)).toBe(await redis.get(bucket.seq));
		const { entry: entryId, ...record } = await readRecord(redis, command.bookingId);
		expect(entryId).toBe(entry?.entryId);
		expect(JSON.parse(entry?.raw.booking ?? "")).toEqual(record);
	});

	it("keeps every field of the hold except its idempotency key, which only an extension needs", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1, 2], { idempotencyKey: "k" });
		const { idempotencyKey, ...hold } = await readRecord(test.redis, command.bookingId);
		expect(idempotencyKey).toBe("k");
		await test.store.confirmBooking(command);
		const { entry: _, confirmedAt, ...sold } = await readRecord(test.redis, command.bookingId);
		expect(sold).toEqual({ ...hold, state: "CONFIRMED", version: "2" });
		expect(Number(confirmedAt)).toBeGreaterThanOrEqual(command.booking.createdAt);
	});

	it("returns the same booking when a confirm is repeated, and writes one event", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const { outbox } = bucketKeys(bucketOf(showtime.id));
		const command = await holdSeats(store, showtime, [1]);
		const first = await store.confirmBooking({ ...command, ifVersion: 1 });
		const depth = await redis.xlen(outbox);
		const writes = await countWrites(redis);
		for (const ifVersion of [null, 1, 2]) {
			const again = await expectUnchanged(test, () => store.confirmBooking({ ...command, ifVersion }));
			expect(again).toEqual({ ...first, nowMs: expect.any(Number) });
		}
		expect(await redis.xlen(outbox)).toBe(depth);
		expect(await countWrites(redis)).toBe(writes + 3);
	});

	it("refuses with hold_expired from the millisecond of expiry on, even under a wrong version", async () => {
		const showtime = await test.openShowtime();
		const [early, late] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
		for (const laterMs of [0, 1]) {
			const answer = test.at(late.booking.expiresAt + laterMs, () => refusal(() => test.store.confirmBooking({ ...late, ifVersion: 7 })));
			expect(await answer).toEqual({ outcome: "hold_expired" });
		}
		expect((await test.at(early.booking.expiresAt - 1, () => test.store.confirmBooking(early))).outcome).toBe("confirmed");
	});

	it("sells an extended hold and raises its version", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1, 2]);
		await test.store.extendHold(command);
		const published = await publishedDuring(test, showtime, async () => {
			const confirmed = await test.store.confirmBooking({ ...command, ifVersion: 2 });
			expect(confirmed).toMatchObject({ outcome: "confirmed", booking: { state: "CONFIRMED", version: 3 } });
		});
		expect(published).toEqual(["1000000002 S 1,2"]);
		expect(await test.redis.exists(showtimeKeys(showtime.id).expiry)).toBe(0);
	});

	it("keeps the schedule version under which the hold was placed, in the record and in the outbox, whenever the showtime moves", async () => {
		const showtime = await test.openShowtime();
		const { id: showtimeId, startsAt, endsAt } = showtime;
		const move = (scheduleVersion: number) =>
			test.store.reschedule({ showtimeId, scheduleVersion, startsAt, endsAt, movedFrom: { startsAt, endsAt }, command: null });
		const command = await holdSeats(test.store, showtime, [1]);
		await move(5);
		await test.store.extendHold(command);
		expect(await test.store.confirmBooking(command)).toMatchObject({ booking: { scheduleVersion: 1 } });
		const entries = await test.store.readBatch(bucketOf(showtimeId), { afterEntryId: null, limit: 500 });
		expect(entries.at(-1)?.event).toMatchObject({ bookingId: command.bookingId, scheduleVersion: 1 });
		await move(6);
		expect(await test.store.cancelBooking(command)).toMatchObject({ booking: { state: "CANCELLED", scheduleVersion: 1 } });
		const late = await holdSeats(test.store, showtime, [2]);
		expect(await test.store.confirmBooking(late)).toMatchObject({ booking: { scheduleVersion: 6 } });
	});

	it("refuses with hold_expired when the hold has lost a seat, even if the clock went backwards", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1, 2]);
		// The clock ran ahead, the next buyer took seat 2, and the clock went back.
		await test.at(command.booking.expiresAt, () => holdSeats(test.store, showtime, [2]));
		expect(await refusal(() => test.store.confirmBooking(command))).toEqual({ outcome: "hold_expired" });
	});

	it("refuses with version_mismatch when ifVersion is not the booking's version", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		expect(await refusal(() => test.store.confirmBooking({ ...command, ifVersion: 2 }))).toEqual({
			outcome: "version_mismatch",
			version: 1,
		});
		await test.store.confirmBooking(command);
		expect(await refusal(() => test.store.confirmBooking({ ...command, ifVersion: 3 }))).toEqual({
			outcome: "version_mismatch",
			version: 2,
		});
	});

	it("refuses a cancelled booking with booking_state, or with version_mismatch under its old version", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		await test.store.cancelBooking(command);
		expect(await refusal(() => test.store.confirmBooking(command))).toEqual({ outcome: "booking_state" });
		expect(await refusal(() => test.store.confirmBooking({ ...command, ifVersion: 1 }))).toEqual({
			outcome: "version_mismatch",
			version: 2,
		});
	});

	it("confirm and cancel refuse another user's booking as not_found", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		expect(await refusal(() => test.store.confirmBooking({ ...command, userId: newUserId() }))).toEqual({ outcome: "not_found" });
		expect(await refusal(() => test.store.cancelBooking({ ...command, userId: newUserId() }))).toEqual({ outcome: "not_found" });
	});

	it("confirm and cancel answer busy when the outbox has outboxMax entries, and not one entry sooner", async () => {
		const showtime = await test.openShowtime();
		const depth = (await test.store.outboxDepths())[bucketOf(showtime.id)] ?? 0;
		const [last, beyond] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
		const bounded = test.withLimits({ outboxMax: depth + 1 });
		expect((await bounded.confirmBooking(last)).outcome).toBe("confirmed");
		expect(await refusal(() => bounded.confirmBooking(beyond))).toEqual({ outcome: "busy" });
		expect(await refusal(() => bounded.cancelBooking(last))).toEqual({ outcome: "busy" });
		expect((await bounded.cancelBooking(beyond)).outcome).toBe("cancelled");
	});

	it("answers not_loaded without a booking record, and not_ready without an installed showtime", async () => {
		const showtime = await test.openShowtime();
		const unknown = { showtimeId: showtime.id, bookingId: newBookingId(showtime.id), userId: newUserId(), ifVersion: null };
		expect(await refusal(() => test.store.confirmBooking(unknown))).toEqual({ outcome: "not_loaded" });
		expect(await refusal(() => test.store.cancelBooking(unknown))).toEqual({ outcome: "not_loaded" });
		const absent = { ...unknown, showtimeId: newShowtimeId(bucketOf(showtime.id)) };
		expect(await refusal(() => test.store.confirmBooking(absent))).toEqual({ outcome: "not_ready" });
		expect(await refusal(() => test.store.cancelBooking(absent))).toEqual({ outcome: "not_ready" });
	});

	it("confirm and cancel are refused once the showtime is cancelled", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		await test.store.setTerms({ ...command, terms: { state: "cancelled" }, ifVersions: null, command: null });
		expect(await refusal(() => test.store.confirmBooking(command))).toEqual({ outcome: "showtime_cancelled" });
		expect(await refusal(() => test.store.cancelBooking(command))).toEqual({ outcome: "showtime_cancelled" });
	});
});

describe("cancel", () => {
	it("releases a hold: frees its seats at once, keeps the expiry of its record and writes no event", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const { outbox } = bucketKeys(bucketOf(showtime.id));
		const depth = await redis.xlen(outbox);
		const command = await holdSeats(store, showtime, [1, 2]);
		expect(await store.cancelBooking(command)).toMatchObject({ outcome: "cancelled", booking: { state: "CANCELLED", version: 2 } });
		const keys = showtimeKeys(showtime.id);
		expect(await redis.exists(keys.owner, keys.buyers, keys.expiry)).toBe(0);
		expect(await redis.get(keys.map)).toBe("A".repeat(100));
		expect(await redis.xlen(outbox)).toBe(depth);
		expect(await redis.pexpiretime(bookingKey(command.bookingId))).toBe(command.booking.expiresAt + ENDED_HOLD_TTL_MS);
		expect((await tryHold(store, showtime, [1, 2])).outcome).toBe("held");
	});

	it("cancels a confirmed booking: frees its seats at once, writes one event and keeps the record until the ledger has it", async () => {
		const { redis, store } = test;
		const showtime = await test.openShowtime();
		const command = await holdSeats(store, showtime, [1, 2]);
		await store.confirmBooking(command);
		expect(await store.cancelBooking({ ...command, ifVersion: 2 })).toMatchObject({ outcome: "cancelled", booking: { version: 3 } });
		expect(await redis.hlen(showtimeKeys(showtime.id).owner)).toBe(0);
		expect(await redis.pttl(bookingKey(command.bookingId))).toBe(-1);
		const entries = await store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 });
		const mine = entries.map(bookingEventOf).filter((event) => event.bookingId === command.bookingId);
		expect(mine.map(({ type, version }) => [type, version])).toEqual([
			["booking.confirmed", 2],
			["booking.cancelled", 3],
		]);
		expect(mine[1]?.cancelledAt).toBeGreaterThan(0);
	});

	it("returns the same booking when a cancel is repeated under the version before or after it, and refuses other versions", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		const first = await test.store.cancelBooking(command);
		const writes = await countWrites(test.redis);
		for (const ifVersion of [null, 1, 2]) {
			const again = await expectUnchanged(test, () => test.store.cancelBooking({ ...command, ifVersion }));
			expect(again).toEqual({ ...first, nowMs: expect.any(Number) });
		}
		expect(await countWrites(test.redis)).toBe(writes + 3);
		expect(await refusal(() => test.store.cancelBooking({ ...command, ifVersion: 5 }))).toEqual({
			outcome: "version_mismatch",
			version: 2,
		});
	});

	it("frees only seats that the booking still owns", async () => {
		const showtime = await test.openShowtime();
		const expired = await holdSeats(test.store, showtime, [1, 2]);
		const next = await test.at(expired.booking.expiresAt, () => holdSeats(test.store, showtime, [2]));
		// By the clock, which went back, the first hold is live again, but it has lost a seat.
		const published = await publishedDuring(test, showtime, () => test.store.cancelBooking(expired));
		expect(published).toEqual(["1000000003 A 1"]);
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 2: `${next.bookingId}|${next.booking.expiresAt}` });
	});

	it("returns an expired hold unchanged from the millisecond of expiry on, and releases it 1 ms earlier", async () => {
		const showtime = await test.openShowtime();
		const [early, late] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
		for (const laterMs of [0, 1]) {
			const answer = test.at(late.booking.expiresAt + laterMs, () => refusal(() => test.store.cancelBooking({ ...late, ifVersion: 9 })));
			expect(await answer).toMatchObject({ outcome: "cancelled", booking: { state: "HELD", version: 1 } });
		}
		const released = await test.at(early.booking.expiresAt - 1, () => test.store.cancelBooking(early));
		expect(released).toMatchObject({ outcome: "cancelled", booking: { state: "CANCELLED", version: 2 } });
	});

	it("refuses a confirmed booking from the millisecond the showtime starts, and never refuses a hold for that", async () => {
		const startsAt = Date.now() + 60_000;
		const showtime = await test.openShowtime({ startsAt });
		const [first, second] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
		const pending = await holdSeats(test.store, showtime, [3]);
		await test.store.confirmBooking(first);
		await test.store.confirmBooking(second);
		for (const instant of [startsAt, startsAt + 1]) {
			const answer = await test.at(instant, () => refusal(() => test.store.cancelBooking(second)));
			expect(answer).toEqual({ outcome: "showtime_started" });
		}
		expect((await test.at(startsAt - 1, () => test.store.cancelBooking(first))).outcome).toBe("cancelled");
		expect((await test.at(startsAt, () => test.store.cancelBooking(pending))).outcome).toBe("cancelled");
	});

	it("a confirmed booking that lost a seat to a conflict gives back only the seats it still owns", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1, 2]);
		await test.store.confirmBooking(command);
		await test.redis.hset(showtimeKeys(showtime.id).owner, "2", `${newBookingId(showtime.id)}|0`);
		await test.store.cancelBooking(command);
		expect(await test.redis.hkeys(showtimeKeys(showtime.id).owner)).toEqual(["2"]);
		expect(await test.redis.get(showtimeKeys(showtime.id).map)).toBe(`AAS${"A".repeat(97)}`);
	});
});

describe("confirm and cancel at the same time", () => {
	it("exactly one of confirm and cancel succeeds when both carry the same version, 200 times", async () => {
		const showtime = await test.openShowtime();
		for (let round = 0; round < 200; round += 1) {
			const command = { ...(await holdSeats(test.store, showtime, [round % 100])), ifVersion: 1 };
			const answers = await Promise.all([test.store.confirmBooking(command), test.store.cancelBooking(command)]);
			expect(answers.filter(({ outcome }) => outcome === "confirmed" || outcome === "cancelled")).toHaveLength(1);
			await test.store.cancelBooking({ ...command, ifVersion: null });
		}
	});
});

it("covers every status that confirm.lua and cancel.lua can reply", () => expectEveryReply(test.replies, [confirmScript, cancelScript]));
