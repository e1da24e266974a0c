/** An unreadable booking record blocks nothing else: not reads of other bookings, not a rebuild, not an ack of a batch. */
import { bucketOf, isBookingEvent, newBookingId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { buy, holdSeats } from "../testing/buy-seats.ts";
import { changeRecord } from "../testing/change-record.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { openTestStore, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

it("readBookings returns readable records, names unreadable ones, and leaves out missing ones", async () => {
	const showtime = await test.openShowtime();
	const bookings = [];
	for (let seat = 0; seat < 6; seat += 1) bookings.push(await holdSeats(test.store, showtime, [seat]));
	const [first, broken, mistyped, cut, listed, unequal] = bookings.map(({ bookingId }) => bookingId);
	if (!first || !broken || !mistyped || !cut || !listed || !unequal) throw new Error("fewer than six seats were held");
	await changeRecord(test.server.port, broken, { amount: "9007199254740993" });
	await test.redis.del(bookingKey(mistyped));
	await test.redis.sadd(bookingKey(mistyped), "x");
	await test.redis.set(bookingKey(cut), '{"userId":', "KEEPTTL");
	await test.redis.set(bookingKey(listed), "[]", "KEEPTTL");
	await changeRecord(test.server.port, unequal, { amounts: "1249" });
	const read = await test.store.readBookings([mistyped, newBookingId(showtime.id), first, broken, cut, listed, unequal]);
	expect(read.bookings).toEqual([bookings[0]?.booking]);
	expect(read.unreadable.map(({ bookingId }) => bookingId)).toEqual([mistyped, broken, cut, listed, unequal]);
	expect(read.unreadable.map(({ error }) => error.message)).toEqual([
		expect.stringContaining("WRONGTYPE"),
		expect.stringContaining("9007199254740993"),
		expect.stringContaining("not a JSON object"),
		expect.stringContaining("userId"),
		expect.stringContaining("do not add up"),
	]);
});

it("a rebuild skips unreadable records: sold seats stay sold, held seats become free, and the ledger's seats stay the ledger's", async () => {
	const showtime = await test.openShowtime();
	const buySeat = (seat: number) => buy(test.store, showtime, [seat]);
	const [unknown, known, fine, pending] = [
		await buySeat(0),
		await buySeat(1),
		await buySeat(2),
		await holdSeats(test.store, showtime, [3]),
	];
	for (const { bookingId } of [unknown, known, pending]) await changeRecord(test.server.port, bookingId, { amount: "1e+16x" });
	await test.redis.hdel(showtimeKeys(showtime.id).meta, "replid");
	const inLedger = { ...known, state: "CONFIRMED", version: 2, seats: [1] } as const;
	const installed = await installSnapshot(test.store, { showtime, epoch: 2, bookings: [inLedger] });
	if (installed.outcome !== "installed") throw new Error(`the install failed: ${installed.outcome}`);
	expect(new Set(installed.unreadable?.map(({ bookingId }) => bookingId))).toEqual(
		new Set([unknown, known, pending].map(({ bookingId }) => bookingId)),
	);
	const map = await test.store.readSeatMap(showtime.id);
	expect(map.outcome === "read" && map.statuses.slice(0, 4)).toBe("SSSA");
	const { owners } = await test.store.inspectSeats(showtime.id);
	expect(owners.map(({ bookingId }) => bookingId)).toEqual([unknown, known, fine].map(({ bookingId }) => bookingId));
	expect(await test.store.confirmBooking(pending)).not.toMatchObject({ outcome: "confirmed" });
});

it("readBatch reads an unreadable epoch as 0, and the epochs of other showtimes as they are", async () => {
	const [broken, fine] = [await test.openShowtime(), await test.openShowtime()];
	for (const showtime of [broken, fine]) await test.store.confirmBooking(await holdSeats(test.store, showtime, [0]));
	await test.redis.hset(bucketKeys(bucketOf(broken.id)).epochs, broken.id, "x");
	const epochs = new Map<string, number>();
	for (const { id } of [broken, fine])
		for (const { event, epoch } of await test.store.readBatch(bucketOf(id), { afterEntryId: null, limit: 500 }))
			if (event !== null) epochs.set(event.showtimeId, epoch);
	expect([epochs.get(broken.id), epochs.get(fine.id)]).toEqual([0, 1]);
});

it("ackBatch marks bookings as recorded even if other records of the batch are unreadable", async () => {
	const showtime = await test.openShowtime();
	const bought = [await buy(test.store, showtime, [0]), await buy(test.store, showtime, [1]), await buy(test.store, showtime, [2])];
	const [cut, mistyped, fine] = bought.map(({ bookingId }) => bookingId);
	if (!cut || !mistyped || !fine) throw new Error("fewer than three seats were bought");
	await test.redis.set(bookingKey(cut), "{");
	await test.redis.del(bookingKey(mistyped));
	await test.redis.sadd(bookingKey(mistyped), "x");
	const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 });
	const acked = entries.map(({ entryId, event }) => {
		if (!event || !isBookingEvent(event)) throw new Error("an entry is not a booking event");
		return { entryId, booking: { id: event.bookingId, version: event.version } };
	});
	await test.store.ackBatch(bucketOf(showtime.id), acked);
	expect((await test.store.readBooking(fine))?.recorded).toBe(true);
	expect(await test.redis.xlen(bucketKeys(bucketOf(showtime.id)).outbox)).toBe(0);
});
