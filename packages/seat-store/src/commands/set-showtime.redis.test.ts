import { bucketOf, type OpenShowtime, type ShowtimeEvent, type ShowtimeState } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { expectUnchanged, openTestStore, publishedDuring, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { BLOCK_SEATS_MAX, blockSeatsScript, rescheduleScript, type SetTermsCommand, setTermsScript } from "./set-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const setTerms = (showtime: OpenShowtime, change: SetTermsCommand["change"]) => test.store.setTerms({ showtimeId: showtime.id, change });
const setState = (showtime: OpenShowtime, state: ShowtimeState) => setTerms(showtime, { what: "state", state });
const block = (showtime: OpenShowtime, seats: number[], isBlocked = true) =>
	test.store.blockSeats({ showtimeId: showtime.id, seats, isBlocked });
const metaOf = (showtime: OpenShowtime) => test.redis.hgetall(showtimeKeys(showtime.id).meta);
const depthOf = (showtime: OpenShowtime) => test.redis.xlen(bucketKeys(bucketOf(showtime.id)).outbox);

/** Reads the latest event of the showtime's bucket, and checks that meta names its entry as the showtime's last. */
async function lastEvent(showtime: OpenShowtime): Promise<ShowtimeEvent> {
	const entry = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 })).at(-1);
	if (!entry?.event || !("blockedSeats" in entry.event)) throw new Error("the last entry is not a showtime event with blocked seats");
	expect((await metaOf(showtime)).entry).toBe(entry.entryId);
	expect(entry.epoch).toBe(1);
	return entry.event;
}

/** The fields of an event about a showtime as it was installed. */
const eventFieldsOf = ({ id, planId: _, seatCount: _count, summary: _summary, ...showtime }: OpenShowtime) => ({
	showtimeId: id,
	...showtime,
	blockedSeats: [],
});

describe("set-terms", () => {
	it.each([
		["paused", "showtime.paused"],
		["closed", "showtime.closed"],
		["cancelled", "showtime.cancelled"],
		["open", "showtime.opened"],
	] as const)("sets the state %s at once, and writes the whole showtime to the outbox as %s", async (state, type) => {
		const showtime = await test.openShowtime(state === "open" ? { state: "paused" } : {});
		const before = await test.store.now(bucketOf(showtime.id));
		expect(await setState(showtime, state)).toEqual({ outcome: "set", showtimeVersion: 2, scheduleVersion: 1 });
		expect(await test.store.readShowtime(showtime.id)).toEqual({ ...showtime, state, showtimeVersion: 2 });
		const event = await lastEvent(showtime);
		expect(event).toEqual({ ...eventFieldsOf(showtime), type, state, showtimeVersion: 2, seq: 1, at: expect.any(Number) });
		expect(event.at).toBeGreaterThanOrEqual(before);
	});

	it("new prices raise the price version, so that a hold at the old prices is refused as stale", async () => {
		const showtime = await test.openShowtime();
		await setTerms(showtime, { what: "prices", prices: { standard: 990 }, currency: "EUR" });
		const repriced = { ...showtime, prices: { standard: 990 }, currency: "EUR", priceVersion: 2, showtimeVersion: 2 };
		expect(await test.store.readShowtime(showtime.id)).toEqual(repriced);
		expect(await lastEvent(showtime)).toMatchObject({ ...eventFieldsOf(repriced), type: "showtime.repriced" });
		expect(await tryHold(test.store, showtime, [1])).toEqual({ outcome: "stale_prices" });
		expect((await tryHold(test.store, repriced, [1])).outcome).toBe("held");
		await setTerms(showtime, { what: "prices", prices: { standard: 990 }, currency: "USD" });
		expect(await metaOf(showtime)).toMatchObject({ priceVersion: "3", showtimeVersion: "3" });
	});

	it("another sales window raises only the showtime version", async () => {
		const showtime = await test.openShowtime();
		const window = { salesOpenAt: showtime.salesOpenAt + 1, salesCloseAt: showtime.salesCloseAt + 1 };
		await setTerms(showtime, { what: "window", ...window });
		expect(await test.store.readShowtime(showtime.id)).toEqual({ ...showtime, ...window, showtimeVersion: 2 });
		expect(await lastEvent(showtime)).toMatchObject({ type: "showtime.window_set", priceVersion: 1, ...window });
	});

	it("terms that the showtime already has are a repeat, which is counted and writes no event", async () => {
		const showtime = await test.openShowtime();
		const changes = [
			{ what: "state", state: "open" },
			{ what: "prices", prices: showtime.prices, currency: showtime.currency },
			{ what: "window", salesOpenAt: showtime.salesOpenAt, salesCloseAt: showtime.salesCloseAt },
		] as const;
		const before = await metaOf(showtime);
		for (const change of changes)
			expect(await setTerms(showtime, change)).toEqual({ outcome: "set", showtimeVersion: 1, scheduleVersion: 1 });
		expect(await metaOf(showtime)).toEqual({ ...before, repeats: "3" });
		expect(await depthOf(showtime)).toBe(0);
	});

	it("a cancelled showtime stays cancelled, and cancelling it again is a repeat", async () => {
		const showtime = await test.openShowtime();
		await setState(showtime, "cancelled");
		for (const state of ["open", "paused", "closed"] as const) {
			expect(await expectUnchanged(test, () => setState(showtime, state))).toEqual({ outcome: "showtime_cancelled" });
		}
		const prices = { what: "prices", prices: { standard: 1 }, currency: "USD" } as const;
		expect(await expectUnchanged(test, () => setTerms(showtime, prices))).toEqual({ outcome: "showtime_cancelled" });
		expect(await setState(showtime, "cancelled")).toEqual({ outcome: "set", showtimeVersion: 2, scheduleVersion: 1 });
		expect(await depthOf(showtime)).toBe(1);
	});

	it("a later event carries all blocked seats, in ascending order", async () => {
		const showtime = await test.openShowtime();
		await block(showtime, [4, 2]);
		await setState(showtime, "paused");
		expect((await lastEvent(showtime)).blockedSeats).toEqual([2, 4]);
	});
});

describe("block-seats", () => {
	it("blocks free seats and unblocks them again", async () => {
		const showtime = await test.openShowtime({ seatCount: 6 });
		const keys = showtimeKeys(showtime.id);
		const published = await publishedDuring(test, showtime, async () => {
			expect(await block(showtime, [1, 4])).toEqual({ outcome: "set", showtimeVersion: 2, scheduleVersion: 1 });
			expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AXAAXA", version: 1_000_000_001 });
			expect(await test.redis.hgetall(keys.owner)).toEqual({ 1: "X|0", 4: "X|0" });
			expect(await lastEvent(showtime)).toMatchObject({ type: "showtime.seats_blocked", blockedSeats: [1, 4], showtimeVersion: 2, seq: 1 });
			expect(await tryHold(test.store, showtime, [0, 1])).toEqual({ outcome: "seats_taken", seats: [1] });
			expect(await block(showtime, [4], false)).toEqual({ outcome: "set", showtimeVersion: 3, scheduleVersion: 1 });
		});
		expect(published).toEqual(["1000000001 X 1,4", "1000000002 A 4"]);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AXAAAA" });
		expect(await lastEvent(showtime)).toMatchObject({ type: "showtime.seats_unblocked", blockedSeats: [1], showtimeVersion: 3, seq: 2 });
		await block(showtime, [1], false);
		expect(await test.redis.exists(keys.owner)).toBe(0);
		expect((await lastEvent(showtime)).blockedSeats).toEqual([]);
	});

	it("names every seat that is not free, and then blocks none", async () => {
		const showtime = await test.openShowtime();
		await test.store.confirmBooking(await holdSeats(test.store, showtime, [1]));
		await holdSeats(test.store, showtime, [3]);
		await block(showtime, [5]);
		const answer = await expectUnchanged(test, () => block(showtime, [1, 2, 3, 4, 5]));
		expect(answer).toEqual({ outcome: "seats_taken", seats: [1, 3] });
	});

	it("blocks the seats of an expired hold from the millisecond of expiry on, and that hold cannot be confirmed later", async () => {
		const showtime = await test.openShowtime();
		const expiring = await holdSeats(test.store, showtime, [1, 2]);
		const { expiresAt } = expiring.booking;
		const early = await test.at(expiresAt - 1, () => expectUnchanged(test, () => block(showtime, [2])));
		expect(early).toEqual({ outcome: "seats_taken", seats: [2] });
		expect((await test.at(expiresAt, () => block(showtime, [2]))).outcome).toBe("set");
		await test.at(expiresAt, () => test.store.reapHolds(showtime.id));
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 2: "X|0" });
		expect(await test.store.confirmBooking(expiring)).toEqual({ outcome: "hold_expired" });
	});

	it("keeps seats that are in the requested state already, and is a repeat when all of them are", async () => {
		const showtime = await test.openShowtime();
		await block(showtime, [1]);
		expect(await block(showtime, [1, 2])).toMatchObject({ showtimeVersion: 3 });
		const before = await metaOf(showtime);
		for (const [seats, isBlocked] of [[[1, 2], true] as const, [[7, 8], false] as const]) {
			expect(await block(showtime, [...seats], isBlocked)).toEqual({ outcome: "set", showtimeVersion: 3, scheduleVersion: 1 });
		}
		expect(await metaOf(showtime)).toEqual({ ...before, repeats: "2" });
		expect(await depthOf(showtime)).toBe(2);
	});

	it("unblocks blocked seats only, never a held or sold one", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		await test.store.confirmBooking(await holdSeats(test.store, showtime, [0]));
		await holdSeats(test.store, showtime, [1]);
		await block(showtime, [2]);
		await block(showtime, [0, 1, 2, 3], false);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "SHAA" });
	});

	it("throws on a seat beyond the plan before any write", async () => {
		const showtime = await test.openShowtime({ seatCount: 6 });
		await expectUnchanged(test, () => expect(block(showtime, [5, 6])).rejects.toThrow("beyond the plan"));
		expect((await block(showtime, [5])).outcome).toBe("set");
	});

	it(`takes 1 to ${BLOCK_SEATS_MAX} seats, and throws on none or more`, async () => {
		const showtime = await test.openShowtime({ seatCount: 2_000 });
		const seats = Array.from({ length: BLOCK_SEATS_MAX + 1 }, (_, seat) => seat);
		await expectUnchanged(test, async () => {
			await expect(block(showtime, seats)).rejects.toThrow("not 1 to 1000");
			await expect(block(showtime, [])).rejects.toThrow("not 1 to 1000");
		});
		expect((await block(showtime, seats.slice(0, BLOCK_SEATS_MAX))).outcome).toBe("set");
		expect((await lastEvent(showtime)).blockedSeats).toEqual(seats.slice(0, BLOCK_SEATS_MAX));
		expect(await expectUnchanged(test, () => tryHold(test.store, showtime, seats.slice(-3)))).toEqual({
			outcome: "seats_taken",
			seats: [998, 999],
		});
	});

	it("refuses to block and to unblock seats once the showtime is cancelled", async () => {
		const showtime = await test.openShowtime();
		await block(showtime, [1]);
		await setState(showtime, "cancelled");
		expect(await expectUnchanged(test, () => block(showtime, [2]))).toEqual({ outcome: "showtime_cancelled" });
		expect(await expectUnchanged(test, () => block(showtime, [1], false))).toEqual({ outcome: "showtime_cancelled" });
	});
});

describe("reschedule", () => {
	const HOUR_MS = 60 * 60 * 1000;
	const move = (showtime: OpenShowtime, scheduleVersion: number, byMs: number) =>
		test.store.reschedule({
			showtimeId: showtime.id,
			scheduleVersion,
			startsAt: showtime.startsAt + byMs,
			endsAt: showtime.endsAt + byMs,
		});

	it.each([
		["later", 48 * HOUR_MS],
		["earlier", -HOUR_MS],
	])("moves start, end and the expiry of every key %s, and writes an event", async (_, byMs) => {
		const showtime = await test.openShowtime();
		await holdSeats(test.store, showtime, [1]);
		expect(await move(showtime, 2, byMs)).toEqual({ outcome: "set", showtimeVersion: 1, scheduleVersion: 2 });
		const moved = { ...showtime, startsAt: showtime.startsAt + byMs, endsAt: showtime.endsAt + byMs, scheduleVersion: 2 };
		expect(await test.store.readShowtime(showtime.id)).toEqual(moved);
		expect(await lastEvent(showtime)).toMatchObject({ ...eventFieldsOf(moved), type: "showtime.rescheduled", seq: 1 });
		const { meta, owner, map, expiry, buyers } = showtimeKeys(showtime.id);
		for (const key of [owner, map, expiry, buyers]) expect(await test.redis.pexpiretime(key)).toBe(moved.endsAt + 48 * HOUR_MS);
		expect(await test.redis.pexpiretime(meta)).toBe(moved.endsAt + 24 * HOUR_MS);
	});

	it("writes the event before the keys expire when the new time was over days ago", async () => {
		const showtime = await test.openShowtime();
		expect((await move(showtime, 2, -100 * HOUR_MS)).outcome).toBe("set");
		expect(await test.redis.exists(...Object.values(showtimeKeys(showtime.id)))).toBe(0);
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 1 });
		expect(entry?.event).toMatchObject({ type: "showtime.rescheduled", scheduleVersion: 2, endsAt: showtime.endsAt - 100 * HOUR_MS });
	});

	it("treats a schedule version that is not newer as a repeat, even with other times", async () => {
		const showtime = await test.openShowtime({ scheduleVersion: 3 });
		await move(showtime, 5, HOUR_MS);
		const before = await metaOf(showtime);
		for (const version of [5, 4, 3]) {
			expect(await move(showtime, version, 9 * HOUR_MS)).toEqual({ outcome: "set", showtimeVersion: 1, scheduleVersion: 5 });
		}
		expect(await metaOf(showtime)).toEqual({ ...before, repeats: "3" });
		expect(await depthOf(showtime)).toBe(1);
	});

	it("writes one event per schedule version, even when a rebuild has installed that version already", async () => {
		const showtime = await test.openShowtime({ scheduleVersion: 2 });
		for (let round = 0; round < 2; round += 1) {
			expect(await move(showtime, 2, 0)).toEqual({ outcome: "set", showtimeVersion: 1, scheduleVersion: 2 });
			const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 });
			expect(entries).toMatchObject([{ event: { type: "showtime.rescheduled", scheduleVersion: 2 } }]);
			await installSnapshot(test.store, { showtime, epoch: 2 + round });
		}
	});

	it("refuses a new time once the showtime is cancelled", async () => {
		const showtime = await test.openShowtime();
		await setState(showtime, "cancelled");
		expect(await expectUnchanged(test, () => move(showtime, 2, HOUR_MS))).toEqual({ outcome: "showtime_cancelled" });
	});
});

it("every change answers busy when the outbox has outboxMax entries and not one entry sooner, and a repeat never does", async () => {
	const showtime = await test.openShowtime();
	const bounded = test.withLimits({ outboxMax: 3 });
	const { id: showtimeId, startsAt, endsAt } = showtime;
	const changes = [
		() => bounded.setTerms({ showtimeId, change: { what: "state", state: "paused" } }),
		() => bounded.blockSeats({ showtimeId, seats: [1], isBlocked: true }),
		() => bounded.reschedule({ showtimeId, scheduleVersion: 2, startsAt, endsAt }),
	];
	for (const run of changes) expect((await run()).outcome).toBe("set");
	expect(await depthOf(showtime)).toBe(3);
	for (const run of changes) expect((await run()).outcome).toBe("set");
	const beyond = [
		() => bounded.setTerms({ showtimeId, change: { what: "state", state: "open" } }),
		() => bounded.blockSeats({ showtimeId, seats: [1], isBlocked: false }),
		() => bounded.reschedule({ showtimeId, scheduleVersion: 3, startsAt, endsAt }),
	];
	for (const run of beyond) expect(await expectUnchanged(test, run)).toEqual({ outcome: "busy" });
});

it("covers every status that set-terms.lua, block-seats.lua and reschedule.lua can reply", () =>
	expectEveryReply(test.replies, [setTermsScript, blockSeatsScript, rescheduleScript]));
