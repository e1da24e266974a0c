import { newShowtimeId } from "@holdfast/domain";
import { expect, it } from "vitest";
import { holdSeats } from "../testing/buy-seats.ts";
import { bookingEventOf, openTestStore } from "../testing/open-test-store.ts";

/** One XREAD names the outboxes of all buckets, which a cluster refuses: this file runs on a plain server only. */
it("waitForEntries names the outboxes that have entries, and returns none after its timeout", async () => {
	const test = await openTestStore();
	expect(await test.store.waitForEntries({ timeoutMs: 10 })).toEqual([]);
	const sold = await holdSeats(test.store, await test.openShowtime({ id: newShowtimeId(5) }), [1]);
	const waiting = test.store.waitForEntries({ timeoutMs: 10_000 });
	await test.store.confirmBooking(sold);
	expect(await waiting).toEqual([5]);
	const [entry] = await test.store.readBatch(5, { afterEntryId: null, limit: 1 });
	await test.store.ackBatch(5, [{ entryId: entry?.entryId ?? "", booking: { id: bookingEventOf(entry).bookingId, version: 2 } }]);
	expect(await test.store.waitForEntries({ timeoutMs: 10 })).toEqual([]);
	await test.stop();
});
