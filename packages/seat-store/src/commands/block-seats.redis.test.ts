/** Tests blocking and unblocking of seats by staff. */
import { BLOCK_SEATS_MAX, type OpenShowtime } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { depthOf, lastEntry, lastEvent, metaOf, staffCommand } from "../testing/inspect-showtime.ts";
import { expectUnchanged, openTestStore, publishedDuring, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { type BlockSeatsCommand, blockSeatsScript } from "./block-seats.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const cancel = (showtime: OpenShowtime) =>
	test.store.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null });
const block = (showtime: OpenShowtime, seats: number[], isBlocked = true, rest: Partial<BlockSeatsCommand> = {}) =>
	test.store.blockSeats({ showtimeId: showtime.id, seats, isBlocked, ifVersions: null, command: null, ...rest });

describe("block-seats", () => {
	it("blocks free seats and unblocks them again", async () => {
		const showtime = await test.openShowtime({ seatCount: 6 });
		const keys = showtimeKeys(showtime.id);
		const published = await publishedDuring(test, showtime, async () => {
			expect(await block(showtime, [1, 4])).toEqual({ outcome: "set", showtimeVersion: 2, scheduleVersion: 1 });
			expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AXAAXA", version: 1_000_000_001 });
			expect(await test.redis.hgetall(keys.owner)).toEqual({ 1: "X|0", 4: "X|0" });
			expect(await lastEvent(test, showtime)).toMatchObject({
				type: "showtime.seats_blocked",
				blockedSeats: [1, 4],
				showtimeVersion: 2,
				seq: 1,
			});
			expect(await tryHold(test.store, showtime, [0, 1])).toEqual({ outcome: "seats_taken", seats: [1] });
			expect(await block(showtime, [4], false)).toEqual({ outcome: "set", showtimeVersion: 3, scheduleVersion: 1 });
		});
		expect(published).toEqual(["1000000001 X 1,4", "1000000002 A 4"]);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AXAAAA" });
		expect(await lastEvent(test, showtime)).toMatchObject({
			type: "showtime.seats_unblocked",
			blockedSeats: [1],
			showtimeVersion: 3,
			seq: 2,
		});
		await block(showtime, [1], false);
		expect(await test.redis.exists(keys.owner)).toBe(0);
		expect((await lastEvent(test, showtime)).blockedSeats).toEqual([]);
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
		const before = await metaOf(test, showtime);
		for (const [seats, isBlocked] of [[[1, 2], true] as const, [[7, 8], false] as const]) {
			expect(await block(showtime, [...seats], isBlocked)).toEqual({ outcome: "set", showtimeVersion: 3, scheduleVersion: 1 });
		}
		expect(await metaOf(test, showtime)).toEqual({ ...before, repeats: "2" });
		expect(await depthOf(test, showtime)).toBe(2);
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
		expect((await lastEvent(test, showtime)).blockedSeats).toEqual(seats.slice(0, BLOCK_SEATS_MAX));
		expect(await expectUnchanged(test, () => tryHold(test.store, showtime, seats.slice(-3)))).toEqual({
			outcome: "seats_taken",
			seats: [998, 999],
		});
	});

	it("refuses to block and to unblock seats once the showtime is cancelled", async () => {
		const showtime = await test.openShowtime();
		await block(showtime, [1]);
		await cancel(showtime);
		expect(await expectUnchanged(test, () => block(showtime, [2]))).toEqual({ outcome: "showtime_cancelled" });
		expect(await expectUnchanged(test, () => block(showtime, [1], false))).toEqual({ outcome: "showtime_cancelled" });
	});

	it("throws on a seat that is named twice, negative or fractional, before any write", async () => {
		const showtime = await test.openShowtime();
		for (const seats of [[1, 1], [-1], [1.5]])
			await expectUnchanged(test, () => expect(block(showtime, seats)).rejects.toThrow("distinct seat indexes"));
	});

	it("writes actor, request and reason into an entry of schema 3, and an entry without a command of staff has schema 2", async () => {
		const showtime = await test.openShowtime();
		const command = staffCommand("A broken seat.");
		await block(showtime, [1], true, { command });
		expect(await lastEntry(test, showtime)).toMatchObject({ event: { command, movedFrom: null }, raw: { schema: "3" } });
		await block(showtime, [1], false);
		const { event, raw } = await lastEntry(test, showtime);
		expect([event.command, raw.schema, raw.actor]).toEqual([null, "2", undefined]);
	});

	it("refuses with version_mismatch and both versions when ifVersions does not name the current one", async () => {
		const showtime = await test.openShowtime({ showtimeVersion: 12, scheduleVersion: 3 });
		for (const ifVersions of [[], [11], [13, 1, 2], [121]]) {
			const answer = await expectUnchanged(test, () => block(showtime, [1], true, { ifVersions }));
			expect(answer).toEqual({ outcome: "version_mismatch", showtimeVersion: 12, scheduleVersion: 3 });
		}
		expect((await block(showtime, [1], true, { ifVersions: [11, 12] })).outcome).toBe("set");
		expect(await block(showtime, [1], true, { ifVersions: [11, 12] })).toMatchObject({ outcome: "set", showtimeVersion: 13 });
		expect(await block(showtime, [1, 2], true, { ifVersions: [12] })).toMatchObject({ outcome: "version_mismatch" });
	});

	it("refuses to block and to unblock from the millisecond on which the showtime ends, and answers set to a repeat", async () => {
		const showtime = await test.openShowtime();
		await block(showtime, [1]);
		await test.at(showtime.endsAt - 1, async () => expect((await block(showtime, [2])).outcome).toBe("set"));
		for (const lateMs of [0, 1]) {
			await test.at(showtime.endsAt + lateMs, async () => {
				expect(await expectUnchanged(test, () => block(showtime, [3]))).toEqual({ outcome: "showtime_closed" });
				expect(await expectUnchanged(test, () => block(showtime, [1], false))).toEqual({ outcome: "showtime_closed" });
				expect((await block(showtime, [1, 2])).outcome).toBe("set");
			});
		}
	});

	it("answers busy when the outbox has outboxMax entries and not one entry sooner, and to a repeat never", async () => {
		const showtime = await test.openShowtime();
		const bounded = test.withLimits({ outboxMax: (await depthOf(test, showtime)) + 1 });
		const send = (isBlocked: boolean) =>
			bounded.blockSeats({ showtimeId: showtime.id, seats: [1], isBlocked, ifVersions: null, command: null });
		expect((await send(true)).outcome).toBe("set");
		expect((await send(true)).outcome).toBe("set");
		expect(await expectUnchanged(test, () => send(false))).toEqual({ outcome: "busy" });
	});
});

it("covers every status that block-seats.lua can reply", () => expectEveryReply(test.replies, [blockSeatsScript]));
