import { bucketOf, newShowtimeId, RECORD_TTL_MS } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys } from "../keys.ts";
import { bookingEventOf, dumpAll, held, openTestStore, type TestStore } from "../open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

const BUCKET = 5;
const open = () => test.openShowtime({ id: newShowtimeId(BUCKET) });

describe("the outbox", () => {
	it("is read oldest first, with the epoch of each showtime, from any entry on", async () => {
		const showtime = await open();
		const commands = [await held(test.store, showtime, [1]), await held(test.store, showtime, [2]), await held(test.store, showtime, [3])];
		for (const command of commands) await test.store.confirmBooking(command);
		const all = await test.store.readBatch(BUCKET, { afterEntryId: null, limit: 500 });
		expect(all.map((entry) => bookingEventOf(entry).bookingId)).toEqual(commands.map(({ bookingId }) => bookingId));
		expect(all.map(({ epoch }) => epoch)).toEqual([1, 1, 1]);
		expect(all.map(({ event }) => event?.seq)).toEqual([1, 2, 3]);
		const behind = await test.store.readBatch(BUCKET, { afterEntryId: all[0]?.entryId ?? "", limit: 1 });
		expect(behind.map(({ entryId }) => entryId)).toEqual([all[1]?.entryId]);
		expect(await test.store.waitForEntries({ timeoutMs: 10 })).toEqual([BUCKET]);

		await test.store.ackBatch(
			BUCKET,
			all.map((entry) => ({ entryId: entry.entryId, booking: { id: bookingEventOf(entry).bookingId, version: 2 } })),
		);
		expect((await test.store.outboxDepths())[BUCKET]).toBe(0);
		expect(await test.store.waitForEntries({ timeoutMs: 10 })).toEqual([]);
		for (const { bookingId } of commands) {
			expect((await test.store.readBooking(bookingId))?.recorded).toBe(true);
			expect(await test.redis.pttl(bookingKey(bookingId))).toBeGreaterThan(RECORD_TTL_MS - 10_000);
		}
	});

	it("an ack of a version that the booking has left behind marks nothing recorded", async () => {
		const showtime = await open();
		const command = await held(test.store, showtime, [1]);
		await test.store.confirmBooking(command);
		const [entry] = await test.store.readBatch(BUCKET, { afterEntryId: null, limit: 1 });
		await test.store.cancelBooking(command);
		await test.store.ackBatch(BUCKET, [{ entryId: entry?.entryId ?? "", booking: { id: command.bookingId, version: 2 } }]);
		expect((await test.store.readBooking(command.bookingId))?.recorded).toBe(false);
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBe(-1);
		expect((await test.store.outboxDepths())[BUCKET]).toBe(1);
	});

	it("cancelling a recorded booking makes it un-recorded, and keeps its record until the ledger has it", async () => {
		const showtime = await open();
		const command = await held(test.store, showtime, [1]);
		await test.store.confirmBooking(command);
		const [entry] = await test.store.readBatch(BUCKET, { afterEntryId: null, limit: 500 }).then((all) => all.slice(-1));
		await test.store.ackBatch(BUCKET, [{ entryId: entry?.entryId ?? "", booking: { id: command.bookingId, version: 2 } }]);
		await test.store.cancelBooking(command);
		expect(await test.store.readBooking(command.bookingId)).toMatchObject({ state: "CANCELLED", recorded: false });
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBe(-1);
	});

	it("gives an entry that makes no sense as it is, with no event", async () => {
		const bucket = bucketOf(newShowtimeId(9));
		await test.redis.xadd(bucketKeys(bucket).outbox, "*", "schema", "99", "type", "booking.confirmed");
		const [entry] = await test.store.readBatch(bucket, { afterEntryId: null, limit: 1 });
		expect(entry).toMatchObject({ event: null, epoch: 0, raw: { schema: "99", type: "booking.confirmed" } });
		await test.store.ackBatch(bucket, [{ entryId: entry?.entryId ?? "", booking: null }]);
		expect((await test.store.outboxDepths())[bucket]).toBe(0);
	});
});

describe("loadBooking", () => {
	it("brings a booking back for a day, so that it can be cancelled", async () => {
		const showtime = await open();
		const command = await held(test.store, showtime, [4]);
		await test.store.confirmBooking(command);
		const booking = await test.store.readBooking(command.bookingId);
		if (!booking) throw new Error("the booking is readable");
		await test.redis.del(bookingKey(command.bookingId));
		expect((await test.store.cancelBooking(command)).outcome).toBe("not_loaded");
		await test.store.loadBooking({ ...booking, recorded: true });
		expect(await test.store.readBooking(command.bookingId)).toEqual({ ...booking, recorded: true });
		expect((await test.store.cancelBooking(command)).outcome).toBe("cancelled");
	});

	it("leaves a record that is there as it is", async () => {
		const showtime = await open();
		const { booking } = await held(test.store, showtime, [5]);
		const before = await dumpAll(test.redis);
		await test.store.loadBooking({ ...booking, state: "CANCELLED", version: 2 });
		expect(await dumpAll(test.redis)).toEqual(before);
	});
});

describe("listRecentBookings", () => {
	it("gives a user's bookings of every bucket, newest first, and nobody else's", async () => {
		const first = await held(test.store, await test.openShowtime({ id: newShowtimeId(1) }), [1]);
		const second = await held(test.store, await test.openShowtime({ id: newShowtimeId(14) }), [1], { userId: first.userId });
		await held(test.store, await open(), [60]);
		expect((await test.store.listRecentBookings(first.userId)).map(({ id }) => id)).toEqual([second.bookingId, first.bookingId]);
	});
});
