/** Rebuilds know what staff did to bookings: seats that were moved, bookings that were revived, and what is owed for cancelled ones. */
import { findBooking, seatOwners } from "@holdfast/database";
import { bucketOf, newUserId, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { bucketKeys, findSeatViolations, tryStaffHold, untilReachable } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rebuildShowtime } from "./rebuild-showtime.ts";
import { openTestRebuild, type TestRebuild } from "./testing/open-test-rebuild.ts";

let test: TestRebuild;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	test = await openTestRebuild();
});
afterAll(() => test.stop());
beforeEach(async () => {
	showtimeId = await test.newShowtime();
	expect(await rebuildShowtime(test.deps, showtimeId)).toEqual({ outcome: "opened" });
});

const command: StaffCommand = { actor: newUserId(), requestId: "request-1", reason: "A busy evening" };
const statuses = async () => {
	const map = await test.seatStore.readSeatMap(showtimeId);
	return map.outcome === "read" ? map.statuses.slice(0, 8) : map.outcome;
};
const refund = async (bookingId: string) =>
	(await test.query(`select state, percent::text, amount::text from refunds where booking_id = '${bookingId}'`))[0];
const booking = async (id: Parameters<typeof findBooking>[1]) => (await findBooking(test.database, id))?.booking;

/** Restarts Redis and rebuilds the showtime. */
async function restartAndRebuild(): Promise<void> {
	await test.redis.restart();
	await untilReachable(test.seatStore);
	expect(await rebuildShowtime(test.deps, showtimeId)).toEqual({ outcome: "opened" });
}

/** Settles, and expects both stores to agree. */
async function expectAgreement(): Promise<void> {
	await test.settle();
	expect(await findSeatViolations(test.seatStore, showtimeId, await seatOwners(test.database, showtimeId))).toEqual([]);
}

/** Sells seats 0 to 3 one by one and settles: one to be moved, one revived, one cancelled, one left as it is. */
async function sell() {
	const [moved, revived, cancelled] = [
		await test.buy(showtimeId, [0], 0),
		await test.buy(showtimeId, [1], 1),
		await test.buy(showtimeId, [2], 2),
	];
	await test.buy(showtimeId, [3], 3);
	await test.settle();
	await test.seatStore.cancelByStaff({ ...revived, command, refundPercent: 100 });
	await test.settle();
	return { moved, revived, cancelled };
}

/** Moves seat 0 to seat 6, revives seat 1 and cancels seat 2 for half its price; none of it is settled. */
async function change({ moved, revived, cancelled }: Awaited<ReturnType<typeof sell>>): Promise<void> {
	const never = Number.MAX_SAFE_INTEGER;
	const outcomes = [
		await test.seatStore.reseatBooking({ ...moved, command, seats: [6], amounts: [1250] }),
		await test.seatStore.reviveBooking({ ...revived, command, ledgerVersion: 3, deadlineMs: never }),
		await test.seatStore.cancelByStaff({ ...cancelled, command, refundPercent: 50 }),
	];
	expect(outcomes.map(({ outcome }) => outcome)).toEqual(["reseated", "confirmed", "cancelled"]);
}

describe("a rebuild of a showtime with changes of staff", () => {
	it("keeps changes that were not settled, and nothing of what was before them", async () => {
		const bookings = await sell();
		await change(bookings);
		await restartAndRebuild();
		expect(await statuses()).toBe("ASASAASA");
		await expectAgreement();
		expect((await booking(bookings.moved.bookingId))?.seats).toEqual([6]);
		expect(await refund(bookings.revived.bookingId)).toMatchObject({ state: "not_owed" });
		expect(await refund(bookings.cancelled.bookingId)).toEqual({ state: "due", percent: "50", amount: "625" });
		expect(await test.query(`select action from audit_events where showtime_id = '${showtimeId}' order by action`)).toHaveLength(4);
	});

	it("emits them again when the outbox has lost them: seats and what is owed are as staff left them, without audit rows", async () => {
		const bookings = await sell();
		await change(bookings);
		await askRedis(test.redis.port, "DEL", bucketKeys(bucketOf(showtimeId)).outbox);
		await restartAndRebuild();
		await expectAgreement();
		expect(await booking(bookings.moved.bookingId)).toMatchObject({ state: "CONFIRMED", version: 3, seats: [6] });
		expect(await booking(bookings.revived.bookingId)).toMatchObject({ state: "CONFIRMED", version: 4 });
		expect(await refund(bookings.revived.bookingId)).toMatchObject({ state: "not_owed" });
		expect(await refund(bookings.cancelled.bookingId)).toEqual({ state: "due", percent: "50", amount: "625" });
		expect(await test.query(`select action from audit_events where showtime_id = '${showtimeId}'`)).toHaveLength(1);
	});

	it("installs what the ledger has when Redis has older copies of the bookings", async () => {
		const bookings = await sell();
		await change(bookings);
		await test.settle();
		// As on a server that came back with old data: the records are dropped, and the owners are those of before.
		await askRedis(test.redis.port, "FLUSHALL");
		await untilReachable(test.seatStore);
		await rebuildShowtime(test.deps, showtimeId);
		expect(await statuses()).toBe("QSQSQQSQ");
		await expectAgreement();
	});

	it("a blocked seat that was sold by staff and cancelled is free after it, and not blocked", async () => {
		const showtime = await test.seatStore.readShowtime(showtimeId);
		if (showtime === null) throw new Error("the showtime is not installed");
		await test.seatStore.blockSeats({ showtimeId, seats: [4, 5], isBlocked: true, ifVersions: null, command: null });
		const held = await tryStaffHold(test.seatStore, showtime, [4], { command });
		if (held.outcome !== "held") throw new Error(held.outcome);
		const sold = { bookingId: held.booking.id, showtimeId, userId: held.booking.userId, ifVersion: null };
		await test.seatStore.confirmBooking(sold);
		await restartAndRebuild();
		expect(await statuses()).toBe("AAAASXAA");
		await test.seatStore.cancelByStaff({ ...sold, command, refundPercent: 100 });
		expect(await statuses()).toBe("AAAAAXAA");
		await expectAgreement();
		await restartAndRebuild();
		expect(await statuses()).toBe("AAAAAXAA");
		expect(await test.query(`select array_to_string(blocked_seats, ',') as seats from showtimes where id = '${showtimeId}'`)).toEqual([
			{ seats: "5" },
		]);
		expect(await test.query(`select action from audit_events where showtime_id = '${showtimeId}' order by action`)).toEqual([
			{ action: "booking.cancelled" },
			{ action: "booking.sold" },
			{ action: "showtime.seats_unblocked" },
		]);
	});
});
