import { type Conflict, newBookingId, newUserId, type RecordedBooking, SEATS_TTL_MS } from "@holdfast/domain";
import { buildShowtime } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../define-script.ts";
import { bookingKey, showtimeKeys } from "../keys.ts";
import { holdSeats } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { expectUnchanged, openTestStore, publishedDuring, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { OPEN_SEATS_MAX, openQuarantinedScript, resolveConflictScript } from "./correct-seats.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

describe("resolveConflict", () => {
	/** Builds a showtime of six seats in which a booking has seats 1 to 3, and the conflict that takes seat 2 from that booking. */
	async function conflictOf(version = 3) {
		const showtime = await test.openShowtime({ seatCount: 6 });
		const loser = await holdSeats(test.store, showtime, [1, 2, 3]);
		await test.store.confirmBooking(loser);
		const winner = { seat: 2, bookingId: newBookingId(showtime.id), userId: newUserId() };
		const conflict: Conflict = { ...loser, version, seats: [1, 2, 3], owners: [winner] };
		return { showtime, loser, winner, conflict, keys: showtimeKeys(showtime.id) };
	}

	it("gives each seat to its owner in the ledger, frees the others, and updates the record and both buyers' entries", async () => {
		const { showtime, loser, winner, conflict, keys } = await conflictOf();
		const published = await publishedDuring(test, showtime, async () => expect(await test.store.resolveConflict(conflict)).toBe(true));
		expect(published).toEqual(["1000000003 A 1,3", "1000000004 S 2"]);
		expect(await test.redis.hgetall(keys.owner)).toEqual({ 2: `${winner.bookingId}|0` });
		expect(await test.redis.get(keys.map)).toBe("AASAAA");
		expect(await test.redis.hgetall(keys.buyers)).toEqual({ [winner.userId]: `${winner.bookingId}:0:2` });
		expect(await test.store.readBooking(loser.bookingId)).toMatchObject({ state: "CONFLICT", version: 3, recorded: true });
	});

	it("changes nothing when it is repeated", async () => {
		const { conflict } = await conflictOf();
		await test.store.resolveConflict(conflict);
		expect(await expectUnchanged(test, () => test.store.resolveConflict(conflict))).toBe(true);
	});

	it("keeps a winner's entry that already has the booking, and the loser's other bookings", async () => {
		const { showtime, loser, conflict, keys } = await conflictOf();
		const winner = await holdSeats(test.store, showtime, [5]);
		await test.store.confirmBooking(winner);
		const other = await holdSeats(test.store, showtime, [4], { userId: loser.userId });
		await test.store.resolveConflict({ ...conflict, owners: [{ seat: 2, ...winner }] });
		expect(await test.redis.hget(keys.buyers, winner.userId)).toBe(`${winner.bookingId}:0:5`);
		expect(await test.redis.hget(keys.buyers, loser.userId)).toBe(`${other.bookingId}:${other.booking.expiresAt}:4`);
	});

	it("changes no seat that the booking no longer owns", async () => {
		const { showtime, loser, conflict, keys } = await conflictOf();
		await test.store.cancelBooking(loser);
		const next = await holdSeats(test.store, showtime, [2]);
		await test.store.resolveConflict(conflict);
		expect(await test.redis.hgetall(keys.owner)).toEqual({ 2: `${next.bookingId}|${next.booking.expiresAt}` });
		expect(await test.redis.hget(keys.buyers, next.userId)).toContain(next.bookingId);
	});

	it("gives a seat that the loser has released meanwhile to its owner in the ledger, so that it is not sold again", async () => {
		const { showtime, loser, winner, conflict, keys } = await conflictOf();
		await test.store.cancelBooking(loser);
		expect(await test.redis.hgetall(keys.owner)).toEqual({});
		await test.store.resolveConflict(conflict);
		expect(await test.redis.hgetall(keys.owner)).toEqual({ 2: `${winner.bookingId}|0` });
		expect(await test.redis.get(keys.map)).toBe("AASAAA");
		expect(await test.redis.pexpiretime(keys.owner)).toBe(showtime.endsAt + SEATS_TTL_MS);
		expect(await expectUnchanged(test, () => test.store.resolveConflict(conflict))).toBe(true);
	});

	it("gives a seat of an expired hold to its owner in the ledger, and reaping that hold does not free it", async () => {
		const { showtime, loser, winner, conflict, keys } = await conflictOf();
		await test.store.cancelBooking(loser);
		const expiring = await holdSeats(test.store, showtime, [2]);
		await test.at(expiring.booking.expiresAt, async () => {
			await test.store.resolveConflict(conflict);
			expect((await test.store.reapHolds(showtime.id)).reaped).toBe(1);
		});
		expect(await test.redis.hgetall(keys.owner)).toEqual({ 2: `${winner.bookingId}|0` });
		expect(await test.redis.get(keys.map)).toBe("AASAAA");
	});

	it("gives no seat to an owner in the ledger whose booking is cancelled in Redis", async () => {
		const { showtime, conflict, keys } = await conflictOf();
		const winner = await holdSeats(test.store, showtime, [5]);
		await test.store.confirmBooking(winner);
		await test.store.cancelBooking(winner);
		await test.store.resolveConflict({ ...conflict, owners: [{ seat: 2, ...winner }] });
		expect(await test.redis.exists(keys.owner)).toBe(0);
		expect(await test.redis.get(keys.map)).toBe("AAAAAA");
	});

	it("keeps a record that has the ledger's version or a newer one", async () => {
		for (const version of [1, 2]) {
			const { loser, conflict } = await conflictOf(version);
			await test.store.resolveConflict(conflict);
			expect(await test.store.readBooking(loser.bookingId)).toMatchObject({ state: "CONFIRMED", version: 2 });
			expect(await test.redis.pttl(bookingKey(loser.bookingId))).toBe(-1);
		}
	});

	it("works without a record of the booking that lost", async () => {
		const { loser, conflict, keys } = await conflictOf();
		await test.redis.del(bookingKey(loser.bookingId));
		expect(await test.store.resolveConflict({ ...conflict, owners: [] })).toBe(true);
		expect(await test.redis.exists(keys.owner, bookingKey(loser.bookingId))).toBe(0);
	});
});

describe("openQuarantined", () => {
	it("frees the quarantined seats and no others, and publishes the change", async () => {
		const showtime = buildShowtime({ seatCount: 6 });
		const sold: RecordedBooking = {
			bookingId: newBookingId(showtime.id),
			userId: newUserId(),
			state: "CONFIRMED",
			version: 2,
			seats: [1, 2],
		};
		await installSnapshot(test.store, { showtime, bookings: [sold], blockedSeats: [3], isQuarantined: true });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "QSSXQQ" });
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [0, 4], isBlocked: false, ifVersions: null, command: null });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "QSSXQQ" });
		const published = await publishedDuring(test, showtime, async () => expect(await test.store.openQuarantined(showtime.id)).toBe(3));
		expect(published).toEqual(["1000000001 A 0,4,5"]);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "ASSXAA" });
		expect(await expectUnchanged(test, () => test.store.openQuarantined(showtime.id))).toBe(0);
	});

	it.each([OPEN_SEATS_MAX, OPEN_SEATS_MAX + 1])("frees %i seats, at most 1000 with one script", async (seatCount) => {
		const showtime = buildShowtime({ seatCount });
		await installSnapshot(test.store, { showtime, isQuarantined: true });
		const before = test.replies.get("open-quarantined")?.length ?? 0;
		expect(await test.store.openQuarantined(showtime.id)).toBe(seatCount);
		expect((test.replies.get("open-quarantined")?.length ?? 0) - before).toBe(Math.ceil(seatCount / OPEN_SEATS_MAX));
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "A".repeat(seatCount) });
		expect(await test.redis.exists(showtimeKeys(showtime.id).owner)).toBe(0);
	});

	it("the script frees no held, sold or blocked seat, even if the call names one", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		await test.store.confirmBooking(await holdSeats(test.store, showtime, [0]));
		await holdSeats(test.store, showtime, [1]);
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [2], isBlocked: true, ifVersions: null, command: null });
		const input = { keys: showtimeKeys(showtime.id), args: { seats: [0, 1, 2, 3] } };
		const reply = await expectUnchanged(test, () => runScript(test.redis, openQuarantinedScript, input));
		expect(reply).toEqual({ status: "opened", rest: [0] });
	});

	it("returns null for a showtime that is not installed", async () => {
		expect(await expectUnchanged(test, () => test.store.openQuarantined(buildShowtime().id))).toBeNull();
	});
});

it("covers every status that resolve-conflict.lua and open-quarantined.lua can reply", () =>
	expectEveryReply(test.replies, [resolveConflictScript, openQuarantinedScript]));
