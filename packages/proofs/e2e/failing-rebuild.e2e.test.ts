/** One showtime whose rebuild fails and fails, with hundreds of its entries at the head of the outbox that others share. */

import type { ShowtimeId } from "@holdfast/domain";
import type { Operation } from "@holdfast/proofs";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { type RecordedBuyer, recordBuyer } from "./record-buyer.ts";
import { retryUntilFinal } from "./retry-until-final.ts";

const BUYERS = 10;
/** More than a batch. Each round of a buyer leaves two: a confirm and a cancel. */
const ENTRIES = 600;
const SALES_BESIDE = 100;
/** Held up, they would wait for as long as the rebuild fails. On an idle machine it is some 400 ms. */
const LAG_MAX_MS = 10_000;
const FAILURES_MIN = 3;
const DRAIN_DEADLINE_MS = 90_000;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

it("holds up none of the others, and gets everything once it succeeds", async () => {
	const [failing, beside] = await test.showtimes(2, { bucket: 5 });
	if (failing === undefined || beside === undefined) throw new Error("fewer than two showtimes were inserted");
	const history: Operation[] = [];
	const people = (await test.buyers(BUYERS)).map((buyer) => recordBuyer(buyer, history));

	await test.stack.sweeper.stop();
	const roundsEach = ENTRIES / 2 / BUYERS;
	await Promise.all(people.map((person, seat) => buyAndCancel(person, failing, seat, roundsEach)));
	expect((await test.proof.depths())[5]).toBe(ENTRIES);
	// As after a failover: the entries are of an older epoch than the ledger's. And nobody can raise it again.
	await test.query(`update showtimes set redis_epoch = redis_epoch + 1 where id = '${failing}'`);
	await test.query(
		`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no rebuild today'; end $$;
		 create trigger refuse_rebuild before update on showtimes for each row when (old.id = '${failing}') execute function refuse()`,
	);
	await test.stack.sweeper.start();
	const failures = () => test.readLog("sweeper").split("no rebuild today").length - 1;
	await waitUntil("the rebuild to fail again and again", () => failures() >= FAILURES_MIN);

	let sold = 0;
	while (sold < SALES_BESIDE) {
		await Promise.all(people.map((person, seat) => buyAndCancel(person, beside, seat, 1)));
		sold += BUYERS;
	}
	await waitUntil("the others to be recorded", async () => (await test.proof.depths())[5] === ENTRIES);
	const { events, max } = await test.proof.settleLag([beside]);
	console.log(`beside a failing rebuild: ${events} events, recorded after ${max} ms at most; it failed ${failures()} times`);
	expect(events).toBe(2 * SALES_BESIDE);
	expect(max).toBeLessThan(LAG_MAX_MS);
	expect(await test.query(`select 1 as one from bookings where showtime_id = '${failing}'`)).toEqual([]);

	await test.query("drop trigger refuse_rebuild on showtimes");
	await test.proof.drained(DRAIN_DEADLINE_MS);
	expect(await findViolationsAtRest(test, history, [failing, beside])).toEqual([]);
});

/** One seat that nobody else asks for, bought and given back, so many times. */
async function buyAndCancel(person: RecordedBuyer, showtimeId: ShowtimeId, seat: number, rounds: number): Promise<void> {
	for (let round = 1; round <= rounds; round += 1) {
		const held = await retryUntilFinal(() => person.hold(showtimeId, [seat], crypto.randomUUID()));
		const bookingId = held.answered?.bookingId;
		if (bookingId === undefined) throw new Error(`a hold of a free seat was answered ${held.code}`);
		await retryUntilFinal(() => person.confirm(showtimeId, bookingId));
		await retryUntilFinal(() => person.cancel(showtimeId, bookingId));
	}
}
