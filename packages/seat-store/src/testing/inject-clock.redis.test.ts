/** Production scripts use only the server's clock, and scripts with an injected clock use only the injected one. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { holdSeats } from "./buy-seats.ts";
import { ALL_SCRIPTS } from "./inject-clock.ts";
import { bookingEventOf, openTestStore, type TestStore } from "./open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

/** Runs a hold, an extension, a confirm, a cancel and a claim. Returns every timestamp that the scripts return or store, epoch ms. */
async function collectTimestamps(): Promise<number[]> {
	const { store } = test;
	const showtime = await test.openShowtime();
	const command = await holdSeats(store, showtime, [1]);
	const answers = [await store.extendHold(command), await store.confirmBooking(command), await store.cancelBooking(command)];
	const read = await store.readSeatMap(showtime.id);
	const claim = await store.claimShowtime(showtime.id, { token: "mine", ledgerEpoch: 2 });
	const bucket = (await store.outboxDepths()).findIndex((depth) => depth > 0);
	const entries = await store.readBatch(bucket, { afterEntryId: null, limit: 10 });
	const booking = await store.readBooking(command.bookingId);
	await test.redis.flushall();
	return [
		...[command.booking.createdAt, booking?.confirmedAt ?? 0, booking?.cancelledAt ?? 0],
		...[...answers, read, claim].map((answer) => ("nowMs" in answer ? answer.nowMs : 0)),
		...entries.map((entry) => bookingEventOf(entry).at),
	];
}

it("scripts use the server's TIME when a test sets no clock", async () => {
	const before = await test.store.now(0);
	const timestamps = await collectTimestamps();
	const after = await test.store.now(0);
	for (const timestamp of timestamps) {
		expect(timestamp).toBeGreaterThanOrEqual(before);
		expect(timestamp).toBeLessThanOrEqual(after);
	}
});

it("scripts use no other clock than the one a test sets", async () => {
	const instant = (await test.store.now(0)) + 600_000;
	expect(new Set(await test.at(instant, collectTimestamps))).toEqual(new Set([instant]));
});

it("no script reads the time except through the include now.lua", () => {
	for (const { name, source } of ALL_SCRIPTS) expect(source.split("'TIME'").length - 1, name).toBe(source.includes("now_ms()") ? 1 : 0);
});
