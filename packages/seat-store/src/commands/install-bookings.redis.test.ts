/** Records that a rebuild has decided about are changed as long as they are what it has read, and once. */
import { bucketOf, CLAIM_TTL_MS, ENDED_HOLD_TTL_MS, newBookingId } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { held } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { bookingEventOf, openTestStore, readRecord, type TestStore, expectUnchanged } from "../testing/open-test-store.ts";
import { INSTALL_BOOKINGS_MAX, installBookingsScript } from "./install-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

type Change = readonly ["revoke" | "drop" | "reemit", Awaited<ReturnType<typeof held>>["bookingId"], version: number];

/** A claimed showtime with a sale whose event the outbox has lost, and a hold; `nowMs` is when it was claimed. */
async function claimed() {
	const showtime = await test.openShowtime();
	const [sold, hold] = [await held(test.store, showtime, [1]), await held(test.store, showtime, [2])];
	await test.store.confirmBooking(sold);
	const keys = { ...showtimeKeys(showtime.id), ...bucketKeys(bucketOf(showtime.id)) };
	await test.redis.del(keys.outbox);
	const claim = await test.store.claimShowtime(showtime.id, { token: "mine", ledgerEpoch: 2 });
	if (claim.outcome !== "claimed") throw new Error(claim.outcome);
	// At the instant of the claim, so that renewing it changes nothing that a test would have to leave out.
	const write = (changes: readonly Change[], nowMs = claim.nowMs, buried: readonly string[] = []) =>
		test.at(nowMs, () =>
			runScript(test.redis, installBookingsScript, {
				keys: { ...keys, bookings: changes.map(([, id]) => bookingKey(id)) },
				args: { token: "mine", claimTtlMs: CLAIM_TTL_MS, deadLetteredEntries: buried.join(","), changes: changes.flat() },
			}),
		);
	return { showtime, sold, hold, write, nowMs: claim.nowMs };
}
const reemitted = (events: number) => ({ status: "written", rest: [events] });

describe("each change", () => {
	it("is made to a record that stands as it was read", async () => {
		const { showtime, sold, hold, write, nowMs } = await claimed();
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

	it("revokes a hold and leaves the end of its record, which is no sooner than its idempotency key's", async () => {
		const { hold, write } = await claimed();
		const key = bookingKey(hold.bookingId);
		const end = await test.redis.pexpiretime(key);
		expect(end).toBe(hold.booking.expiresAt + ENDED_HOLD_TTL_MS);
		await write([["revoke", hold.bookingId, 1]]);
		expect(await test.redis.pexpiretime(key)).toBe(end);
	});

	it("is not told again of an entry that was buried, and is of one whose id it only begins with", async () => {
		const { sold, write, nowMs } = await claimed();
		const { entry = "" } = await readRecord(test.redis, sold.bookingId);
		const reemit: Change[] = [["reemit", sold.bookingId, 2]];
		expect(await expectUnchanged(test, () => write(reemit, nowMs, ["1-0", entry, "2-0"]))).toEqual(reemitted(0));
		expect(await write(reemit, nowMs, [`${entry}0`, `1${entry}`])).toEqual(reemitted(1));
	});

	it("is left out where the record has moved on, or is gone", async () => {
		const { showtime, sold, hold, write } = await claimed();
		const gone = newBookingId(showtime.id);
		const changes: Change[] = [
			["reemit", sold.bookingId, 1],
			["drop", sold.bookingId, 3],
			["revoke", hold.bookingId, 2],
			["drop", gone, 1],
			["reemit", gone, 1],
			["revoke", gone, 1],
		];
		expect(await expectUnchanged(test, () => write(changes))).toEqual(reemitted(0));
	});

	it("moves no clock of a hold that has lapsed", async () => {
		const { hold, write } = await claimed();
		await write([["revoke", hold.bookingId, 1]], hold.booking.expiresAt);
		await write([["revoke", hold.bookingId, 1]], hold.booking.expiresAt + 1);
		expect(await test.store.readBooking(hold.bookingId)).toEqual(hold.booking);
	});
});

it(`takes ${INSTALL_BOOKINGS_MAX} records at once`, async () => {
	const { showtime, write } = await claimed();
	const changes = Array.from({ length: INSTALL_BOOKINGS_MAX }, (): Change => ["drop", newBookingId(showtime.id), 1]);
	expect(await expectUnchanged(test, () => write(changes))).toEqual(reemitted(0));
});
