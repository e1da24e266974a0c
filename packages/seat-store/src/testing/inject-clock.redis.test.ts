/** The scripts that ship go by the clock of the server, and those that a test sets the clock for go by that alone. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { held } from "./buy-seats.ts";
import { ALL_SCRIPTS } from "./inject-clock.ts";
import { bookingEventOf, openTestStore, type TestStore } from "./open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

/** Every instant that the scripts tell or keep on a way through hold, extension, sale, cancel and rebuild. */
async function instantsOf(): Promise<number[]> {
	const { store } = test;
	const showtime = await test.openShowtime();
	const command = await held(store, showtime, [1]);
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

it("unless a test sets it, the clock is the server's TIME", async () => {
	const before = await test.store.now(0);
	const instants = await instantsOf();
	const after = await test.store.now(0);
	for (const instant of instants) {
		expect(instant).toBeGreaterThanOrEqual(before);
		expect(instant).toBeLessThanOrEqual(after);
	}
});

it("a clock that a test sets is the only one", async () => {
	const instant = (await test.store.now(0)) + 600_000;
	expect(new Set(await test.at(instant, instantsOf))).toEqual(new Set([instant]));
});

it("no script names a clock but through the one include", () => {
	for (const { name, source } of ALL_SCRIPTS) expect(source.split("'TIME'").length - 1, name).toBe(source.includes("now_ms()") ? 1 : 0);
});
