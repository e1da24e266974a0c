import { bucketOf, newBookingId, newUserId } from "@holdfast/domain";
import { buildPlan, buildShowtime, findSeatFlaws } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import { dumpAll, held, hold, openTestStore, type TestStore } from "../open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

describe("installShowtime", () => {
	it("opens a showtime with what the ledger has sold, and reads back as it was given", async () => {
		const showtime = buildShowtime({ seatCount: 6 });
		const [bookingId, userId] = [newBookingId(showtime.id), newUserId()];
		const soldSeats = [1, 3].map((seat) => ({ seat, bookingId, userId }));
		expect(await test.store.installShowtime({ showtime, epoch: 4, soldSeats })).toEqual({ outcome: "installed" });
		expect(await test.store.readShowtime(showtime.id)).toEqual(showtime);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "ASASAA", version: 4_000_000_000 });
		expect(await findSeatFlaws(test.store, showtime.id, soldSeats)).toEqual([]);
		expect(await test.store.readOwnSeats(showtime.id, userId, Date.now())).toEqual([1, 3]);
		expect(await hold(test.store, showtime, [0, 1, 2, 3])).toEqual({ outcome: "seats_taken", seats: [1, 3] });
	});

	it("writes the server's replication id, the epoch, and the bucket's counters, from the first day", async () => {
		const showtime = await test.openShowtime();
		const { replid, epoch } = await test.redis.hgetall(showtimeKeys(showtime.id).meta);
		expect(await test.redis.info("replication")).toContain(`master_replid:${replid}`);
		expect(epoch).toBe("1");
		const { epochs, seq, line } = bucketKeys(bucketOf(showtime.id));
		expect(await test.redis.hget(epochs, showtime.id)).toBe("1");
		expect(await test.redis.exists(seq, line)).toBe(2);
		expect(await test.redis.pttl(seq)).toBe(-1);
		expect(await test.redis.get(line)).toBe("1");
	});

	it("keeps owner and map two days beyond the end, meta one: what is absent is closed", async () => {
		const showtime = await test.openShowtime();
		const keys = showtimeKeys(showtime.id);
		expect((await test.redis.pexpiretime(keys.map)) - showtime.endsAt).toBe(2 * 86_400_000);
		expect((await test.redis.pexpiretime(keys.meta)) - showtime.endsAt).toBe(86_400_000);
	});

	it("changes nothing when the showtime is installed already", async () => {
		const showtime = await test.openShowtime();
		await held(test.store, showtime, [1]);
		const before = await dumpAll(test.redis);
		expect(await test.store.installShowtime({ showtime, epoch: 1, soldSeats: [] })).toEqual({ outcome: "exists" });
		expect(await dumpAll(test.redis)).toEqual(before);
	});

	it("notes a newer epoch, and nothing else, when two processes opened it side by side: else nothing sold would be recorded", async () => {
		const showtime = await test.openShowtime();
		const command = await held(test.store, showtime, [1]);
		const seats = await test.store.inspectSeats(showtime.id);
		expect(await test.store.installShowtime({ showtime, epoch: 2, soldSeats: [] })).toEqual({ outcome: "exists" });
		expect(await test.store.inspectSeats(showtime.id)).toEqual({ ...seats, nowMs: expect.any(Number) });
		await test.store.confirmBooking(command);
		const [entry] = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 })).slice(-1);
		expect([entry?.event?.bookingId, entry?.epoch]).toEqual([command.bookingId, 2]);
	});

	it("is superseded when a newer epoch has begun, so a slow installer cannot bring back an old snapshot", async () => {
		const showtime = await test.openShowtime();
		await test.redis.hset(bucketKeys(bucketOf(showtime.id)).epochs, showtime.id, "3");
		await test.redis.del(showtimeKeys(showtime.id).meta);
		const before = await dumpAll(test.redis);
		expect(await test.store.installShowtime({ showtime, epoch: 2, soldSeats: [] })).toEqual({ outcome: "superseded" });
		expect(await dumpAll(test.redis)).toEqual(before);
		expect(await test.store.installShowtime({ showtime, epoch: 3, soldSeats: [] })).toEqual({ outcome: "installed" });
	});

	it("installs a sold-out arena of 50,000 seats in chunks", async () => {
		const showtime = buildShowtime({ seatCount: 50_000 });
		const bookings = Array.from({ length: 5_000 }, () => ({ bookingId: newBookingId(showtime.id), userId: newUserId() }));
		const soldSeats = bookings.flatMap((booking, i) => Array.from({ length: 10 }, (_, k) => ({ ...booking, seat: i * 10 + k })));
		expect(await test.store.installShowtime({ showtime, epoch: 1, soldSeats })).toEqual({ outcome: "installed" });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "S".repeat(50_000) });
		expect(await test.redis.hlen(showtimeKeys(showtime.id).owner)).toBe(50_000);
	});
});

describe("plans", () => {
	it("come back indexed, and are absent until written", async () => {
		const plan = buildPlan({ rows: 2, seatsPerRow: 3 });
		expect(await test.store.readPlan(plan.id)).toBeNull();
		expect(await test.store.hasPlan(plan.id)).toBe(false);
		await test.store.writePlan(plan);
		expect(await test.store.hasPlan(plan.id)).toBe(true);
		const indexed = await test.store.readPlan(plan.id);
		expect(indexed?.plan).toEqual(plan);
		expect(indexed?.indexByLabel.get("B2")).toBe(4);
	});
});
