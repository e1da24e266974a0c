/**
 * The box-office account may own every seat of a showtime, so Redis keeps nothing per account for it: no index of bookings and no buyer
 * entry, neither from sales nor from a rebuild, and no key that grows with the number of sales.
 */
import { findBooking, seatOwners } from "@holdfast/database";
import { BOX_OFFICE_USER_ID, bucketOf, newUserId, type OpenShowtime } from "@holdfast/domain";
import { bookingKey, findSeatViolations, sellByStaff, showtimeKeys, userIndexKey } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

const SALES = 500;

let test: TestSweeper;
let showtime: OpenShowtime;
beforeAll(async () => {
	test = await openTestSweeper();
	showtime = await test.rebuiltShowtime({ rows: 26, seatsPerRow: 40, bucket: 7 });
});
afterAll(() => test.stop());

/** Sells `SALES` seats from `first` on at the counter, one by one, and settles them. */
async function sell(first: number): Promise<void> {
	for (let seat = first; seat < first + SALES; seat += 1) await sellByStaff(test.seatStore, showtime, [seat]);
	await test.newSweeper().runOnce();
}

/** Returns the number of elements of every key that has elements, as a line of JSON. */
const SIZES = `'local found = {}
	for _, key in ipairs(redis.call("KEYS", "*")) do
		local kind = redis.call("TYPE", key).ok
		local command = ({ hash = "HLEN", zset = "ZCARD", stream = "XLEN" })[kind]
		found[key] = command and redis.call(command, key) or nil
	end
	return redis.status_reply(cjson.encode(found))'`.replaceAll(/\s+/g, " ");

/** The number of elements of every key that has elements, without the owners of the seats, of which there is one per seat. */
async function sizes(): Promise<Record<string, number>> {
	const reply = await askRedis(test.redis.port, "EVAL", SIZES, "0");
	const { [showtimeKeys(showtime.id).owner]: _owners, ...found } = JSON.parse(reply.slice(1));
	return found;
}

/** Expects no key of the account, and both stores to agree. */
async function expectNoTrace(): Promise<void> {
	const index = userIndexKey(bucketOf(showtime.id), BOX_OFFICE_USER_ID);
	expect(await askRedis(test.redis.port, "EXISTS", showtimeKeys(showtime.id).buyers, index)).toBe(":0");
	expect(Object.keys(await sizes()).filter((key) => key.includes(BOX_OFFICE_USER_ID))).toEqual([]);
	expect(await findSeatViolations(test.seatStore, showtime.id, await seatOwners(test.database, showtime.id))).toEqual([]);
}

it(`${SALES} sales at the counter, a rebuild and ${SALES} more leave no index, no buyer entry and no key that grows`, async () => {
	await sell(0);
	await expectNoTrace();
	const before = await sizes();
	expect(Object.keys(before)).toContain(showtimeKeys(showtime.id).meta);
	// The rebuild reads the ledger and the records: it must not give the account an entry either.
	await test.query(`update showtimes set redis_epoch = redis_epoch + 1 where id = '${showtime.id}'`);
	expect(await test.rebuild(showtime.id)).toBe("opened");
	await expectNoTrace();
	await sell(SALES);
	await expectNoTrace();
	expect(await sizes()).toEqual(before);
	expect(await test.query(`select count(*)::text from bookings where user_id = '${BOX_OFFICE_USER_ID}'`)).toEqual([
		{ count: String(2 * SALES) },
	]);
	expect(await test.seatStore.countLive(showtime.id)).toMatchObject({ bookings: 2 * SALES, soldSeats: 2 * SALES });
});

it("a booking that is loaded from the ledger, moved, cancelled and revived gets none either", async () => {
	const [first] = await seatOwners(test.database, showtime.id);
	if (first === undefined) throw new Error("no seat was sold");
	await askRedis(test.redis.port, "DEL", bookingKey(first.bookingId));
	const found = await findBooking(test.database, first.bookingId);
	if (found === null) throw new Error("the ledger has no booking");
	await test.seatStore.loadBooking(found.booking);
	const command = { actor: newUserId(), requestId: "request-1", reason: "Moved at the desk" };
	const change = { bookingId: first.bookingId, showtimeId: showtime.id, userId: BOX_OFFICE_USER_ID, ifVersion: null, command };
	const outcomes = [
		await test.seatStore.reseatBooking({ ...change, seats: [1_039], amounts: [1250] }),
		await test.seatStore.cancelByStaff({ ...change, refundPercent: 0 }),
		await test.seatStore.reviveBooking({ ...change, ledgerVersion: 4, deadlineMs: Number.MAX_SAFE_INTEGER }),
	];
	expect(outcomes.map(({ outcome }) => outcome)).toEqual(["reseated", "cancelled", "confirmed"]);
	await test.newSweeper().runOnce();
	await expectNoTrace();
});
