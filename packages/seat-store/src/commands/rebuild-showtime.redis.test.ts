import { bucketOf, newBookingId, newUserId, type RecordedBooking } from "@holdfast/domain";
import { buildPlan, buildShowtime, findSeatFlaws, installSnapshot } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import { dumpAll, held, hold, openTestStore, type TestStore } from "../open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

describe("a showtime that was never installed", () => {
	it("opens with what the ledger has sold, and reads back as it was given", async () => {
		const showtime = buildShowtime({ seatCount: 6 });
		const [bookingId, userId] = [newBookingId(showtime.id), newUserId()];
		const sold: RecordedBooking = { bookingId, userId, state: "CONFIRMED", version: 2, seats: [1, 3] };
		const outcome = await installSnapshot(test.store, { showtime, epoch: 4, blockedSeats: [5], bookings: [sold] });
		expect(outcome).toEqual({ outcome: "installed", told: 0 });
		expect(await test.store.readShowtime(showtime.id)).toEqual(showtime);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "ASASAX", version: 4_000_000_000 });
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 1: `${bookingId}|0`, 3: `${bookingId}|0`, 5: "X|0" });
		expect(await test.store.readOwnSeats(showtime.id, userId, Date.now())).toEqual([1, 3]);
		expect(await hold(test.store, showtime, [0, 1, 2, 3, 5])).toEqual({ outcome: "seats_taken", seats: [1, 3, 5] });
	});

	it("carries the server's replication id and the epoch, and the bucket has its counters", async () => {
		const showtime = await test.openShowtime();
		const { replid, epoch } = await test.redis.hgetall(showtimeKeys(showtime.id).meta);
		expect(await test.redis.info("replication")).toContain(`master_replid:${replid}`);
		expect(epoch).toBe("1");
		const { epochs, seq, line } = bucketKeys(bucketOf(showtime.id));
		expect(await test.redis.hget(epochs, showtime.id)).toBe("1");
		expect(await test.redis.pttl(epochs)).toBe(-1);
		expect(await test.redis.pttl(seq)).toBe(-1);
		expect(await test.redis.pttl(line)).toBe(-1);
		expect(await test.redis.get(line)).toBe("1");
	});

	it("keeps owner and map two days beyond the end, meta one: what is absent is closed", async () => {
		const showtime = await test.openShowtime();
		const keys = showtimeKeys(showtime.id);
		expect((await test.redis.pexpiretime(keys.map)) - showtime.endsAt).toBe(2 * 86_400_000);
		expect((await test.redis.pexpiretime(keys.meta)) - showtime.endsAt).toBe(86_400_000);
	});

	it("is claimed by nobody once it is open under that epoch", async () => {
		const showtime = await test.openShowtime();
		await held(test.store, showtime, [1]);
		const before = await dumpAll(test.redis);
		expect(await installSnapshot(test.store, { showtime })).toEqual({ outcome: "already" });
		expect(await dumpAll(test.redis)).toEqual(before);
	});
});

it("a sold-out arena of 50,000 seats is installed in parts", async () => {
	const showtime = buildShowtime({ seatCount: 50_000 });
	const bookings = Array.from({ length: 5_000 }, (_, i): RecordedBooking => {
		const seats = Array.from({ length: 10 }, (_, k) => i * 10 + k);
		return { bookingId: newBookingId(showtime.id), userId: newUserId(), state: "CONFIRMED", version: 2, seats };
	});
	expect((await installSnapshot(test.store, { showtime, bookings })).outcome).toBe("installed");
	expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "S".repeat(50_000) });
	expect(await test.redis.hlen(showtimeKeys(showtime.id).owner)).toBe(50_000);
	expect(await findSeatFlaws(test.store, showtime.id, null)).toEqual([]);
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
