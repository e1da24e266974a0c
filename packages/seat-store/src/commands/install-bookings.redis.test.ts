/** install-bookings changes a booking record only if it still has the version that the rebuild has read, and only once. */
import { bucketOf, CLAIM_TTL_MS, ENDED_HOLD_TTL_MS, newBookingId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { bookingEventOf, expectUnchanged, openTestStore, readRecord, type TestStore } from "../testing/open-test-store.ts";
import { INSTALL_BOOKINGS_MAX, installBookingsScript } from "./install-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

type Change = readonly ["revoke" | "drop" | "reemit", Awaited<ReturnType<typeof holdSeats>>["bookingId"], version: number];

/** Claims a showtime with a confirmed booking whose event is missing in the outbox, and a hold. `nowMs` is the time of the claim. */
async function claimShowtime() {
	const showtime = await test.openShowtime();
	const [sold, hold] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
	await test.store.confirmBooking(sold);
	const keys = { ...showtimeKeys(showtime.id), ...bucketKeys(bucketOf(showtime.id)) };
	await test.redis.del(keys.outbox);
	const claim = await test.store.claimShowtime(showtime.id, { token: "mine", ledgerEpoch: 2 });
	if (claim.outcome !== "claimed") throw new Error(claim.outcome);
	// Runs at the time of the claim: renewing the claim then changes nothing, so tests can compare everything in Redis.
	const write = (changes: readonly Change[], nowMs = claim.nowMs, deadLettered: readonly string[] = []) =>
		test.at(nowMs, () =>
			runScript(test.redis, installBookingsScript, {
				keys: { ...keys, bookings: changes.map(([, id]) => bookingKey(id)) },
				args: { token: "mine", claimTtlMs: CLAIM_TTL_MS, deadLetteredEntries: deadLettered.join(","), changes: changes.flat() },
			}),
		);
	return { showtime, sold, hold, write, nowMs: claim.nowMs };
}
const reemitted = (events: number) => ({ status: "written", rest: [events] });

describe("install-bookings", () => {
	it("changes each record that still has the version the rebuild has read, once", async () => {
		const { showtime, sold, hold, write, nowMs } = await claimShowtime();
		const changes: Change[] = [
			["reemit", sold.bookingId, 2],
			["revoke", hold.bookingId, 1],
		];
		expect(await write(changes)).toEqual(reemitted(1));
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		expect(bookingEventOf(entry)).toMatchObject({ type: "booking.confirmed", bookingId: sold.bookingId, version: 2, at: nowMs });
		expect(await test.store.readBooking(hold.bookingId)).toEqual({ ...hold.booking, expiresAt: nowMs });
		expect(await expectUnchanged(test, () => write(changes))).toEqual(reemitted(0));
		expect(await write([["drop", hold.bookingId, 1]])).toEqual(reemitted(0));
		expect(await test.redis.exists(bookingKey(hold.bookingId))).toBe(0);
	});

	it("revokes a hold and keeps the expiry of its record, which must not expire before the idempotency key", async () => {
		const { hold, write } = await claimShowtime();
		const key = bookingKey(hold.bookingId);
		const end = await test.redis.pexpiretime(key);
		expect(end).toBe(hold.booking.expiresAt + ENDED_HOLD_TTL_MS);
		await write([["revoke", hold.bookingId, 1]]);
		expect(await test.redis.pexpiretime(key)).toBe(end);
	});

	it("does not emit the event of a dead-lettered entry again, but does when only a part of the entry id matches", async () => {
		const { sold, write, nowMs } = await claimShowtime();
		const { entry = "" } = await readRecord(test.redis, sold.bookingId);
		const reemit: Change[] = [["reemit", sold.bookingId, 2]];
		expect(await expectUnchanged(test, () => write(reemit, nowMs, ["1-0", entry, "2-0"]))).toEqual(reemitted(0));
		expect(await write(reemit, nowMs, [`${entry}0`, `1${entry}`])).toEqual(reemitted(1));
	});

	it("skips a record that has another version or no longer exists", async () => {
		const { showtime, sold, hold, write } = await claimShowtime();
		const missing = newBookingId(showtime.id);
		const changes: Change[] = [
			["reemit", sold.bookingId, 1],
			["drop", sold.bookingId, 3],
			["revoke", hold.bookingId, 2],
			["drop", missing, 1],
			["reemit", missing, 1],
			["revoke", missing, 1],
		];
		expect(await expectUnchanged(test, () => write(changes))).toEqual(reemitted(0));
	});

	it("keeps the expiresAt of a hold that has already expired", async () => {
		const { hold, write } = await claimShowtime();
		await write([["revoke", hold.bookingId, 1]], hold.booking.expiresAt);
		await write([["revoke", hold.bookingId, 1]], hold.booking.expiresAt + 1);
		expect(await test.store.readBooking(hold.bookingId)).toEqual(hold.booking);
	});
});

it(`install-bookings takes ${INSTALL_BOOKINGS_MAX} records in one call`, async () => {
	const { showtime, write } = await claimShowtime();
	const changes = Array.from({ length: INSTALL_BOOKINGS_MAX }, (): Change => ["drop", newBookingId(showtime.id), 1]);
	expect(await expectUnchanged(test, () => write(changes))).toEqual(reemitted(0));
});
