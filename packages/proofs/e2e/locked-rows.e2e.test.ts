/** Another session locks one row of the ledger (`select ... for update`) while bookings of many showtimes are confirmed. */
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import type { Operation } from "@holdfast/proofs";
import { byRunLength, type HeldLock, holdLock, waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { type RecordedBuyer, recordBuyer } from "./record-buyer.ts";
import { retryUntilFinal } from "./retry-until-final.ts";

/** Longer than `LAG_MAX_MS`, so that a sweeper that waits for the row exceeds it. */
const HOLD_MS = byRunLength({ short: 4_000, long: 20_000 });
const BUYERS = 8;
/**
 * The number of other showtimes. Each is in another bucket, so that no buyer places a hundred holds in one bucket. The first is in
 * the bucket of the locked showtime.
 */
const BESIDE = 12;
const BUCKET = 5;
/** The promised limit for 99 of 100 events. On an idle machine the slowest event takes 270 ms. */
const LAG_P99_MAX_MS = 1_000;
/** The limit for a single event on a busy machine. A sweeper that waited for the locked row would take up to 15 s. */
const LAG_MAX_MS = 3_000;
const DRAIN_DEADLINE_MS = 30_000;

let test: TestStack;
let lock: HeldLock | null = null;
afterEach(() => lock?.release());
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

it.each(["users", "showtimes"])(
	"a locked row of %s delays only its own showtime, whose bookings are recorded in order after the lock is released",
	async (table) => {
		const [held] = await test.showtimes(1, { bucket: BUCKET });
		const buckets = Array.from({ length: BESIDE }, (_, n) => (BUCKET + n) % DEFAULT_LIMITS.buckets);
		const beside = (await Promise.all(buckets.map((bucket) => test.showtimes(1, { bucket })))).flat();
		if (held === undefined) throw new Error("no showtime was inserted");
		const history: Operation[] = [];
		const people = (await test.buyers(BUYERS)).map((buyer) => recordBuyer(buyer, history));
		const [ada, bob] = people;
		if (ada === undefined || bob === undefined) throw new Error("no users were inserted");
		// Installs every showtime before the row is locked, because installing needs the row too.
		await Promise.all([held, ...beside].map((id) => bob.map(id)));
		const epochs = () => test.query("select id, redis_epoch from showtimes order by id");
		const epochsBefore = await epochs();

		lock = await holdLock(test.databaseUrl, `select 1 from ${table} where id = '${table === "users" ? ada.client : held}' for update`);
		const lockedMs = Date.now();
		const early = await buy(bob, held, 0);
		const waiting = [await buy(ada, held, 1), await buy(bob, held, 2)];
		let rounds = 0;
		while (Date.now() < lockedMs + HOLD_MS) {
			const others = people.filter((person) => person !== ada);
			await Promise.all(others.map((person, seat) => buyAndCancel(person, beside[(seat + rounds) % BESIDE] ?? held, seat)));
			rounds += 1;
		}
		const expected = table === "users" ? waiting.length : waiting.length + 1;
		const depth = async () => (await test.proof.depths()).reduce((sum, each) => sum + each, 0);
		await waitUntil("the events of the other showtimes to be recorded", async () => (await depth()) === expected, DRAIN_DEADLINE_MS);
		const recorded = await test.query(`select id from bookings where showtime_id = '${held}'`);
		const releasedMs = Date.now();
		await lock.release();
		await waitUntil("the delayed events to be recorded", async () => (await depth()) === 0, DRAIN_DEADLINE_MS);
		const afterMs = Date.now() - releasedMs;
		const lag = await test.proof.settleLag(beside);
		console.log(
			`${table} row locked for ${releasedMs - lockedMs} ms: ${lag.events} other events, recorded after ${lag.p50} ms (median), ` +
				`${lag.p99} ms (p99), ${lag.max} ms (max); the delayed events were recorded ${afterMs} ms after the release`,
		);

		expect(recorded).toEqual(table === "users" ? [{ id: early }] : []);
		expect(lag.events).toBe(2 * rounds * (BUYERS - 1));
		expect(lag.p99).toBeLessThan(LAG_P99_MAX_MS);
		expect(lag.max).toBeLessThan(LAG_MAX_MS);
		expect(afterMs).toBeLessThan(LAG_MAX_MS);
		const order = await test.query(`select b.id from bookings b join booking_events e on e.booking_id = b.id
		where b.showtime_id = '${held}' order by e.recorded_at, e.seq`);
		expect(order.map(({ id }) => id)).toEqual([early, ...waiting]);
		expect(await test.query("select 1 from dead_letters")).toEqual([]);
		expect(await epochs()).toEqual(epochsBefore);
		expect(test.readLog("sweeper")).not.toMatch(/rebuild failed|settling failed|halted/);
		expect(await findViolationsAtRest(test, history, [held, ...beside])).toEqual([]);
	},
);

/** Buys one seat. Resolves to the id of the booking. */
async function buy(person: RecordedBuyer, showtimeId: ShowtimeId, seat: number): Promise<string> {
	const { answered, code } = await retryUntilFinal(() => person.hold(showtimeId, [seat], crypto.randomUUID()));
	if (answered === null) throw new Error(`the hold of an available seat got ${code}`);
	await retryUntilFinal(() => person.confirm(showtimeId, answered.bookingId));
	return answered.bookingId;
}

/** Buys and cancels one seat, which no other buyer wants. */
async function buyAndCancel(person: RecordedBuyer, showtimeId: ShowtimeId, seat: number): Promise<void> {
	const bookingId = await buy(person, showtimeId, seat);
	await retryUntilFinal(() => person.cancel(showtimeId, bookingId));
}
