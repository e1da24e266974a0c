/** Many overlapping holds of several seats, while holds expire and are released, confirmed and cancelled. */

import { reconstructStories } from "@holdfast/proofs";
import { byRunLength } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { startCrowd } from "./start-crowd.ts";
import { findUnexpectedAnswers, tallyCodes, tallyFaults } from "./tally-history.ts";

const CLIENTS = 64;
const DURATION_MS = byRunLength({ short: 5_000, long: 120_000 });
const HOLD_TTL_MS = 1_000;
const SEATS_WANTED = 40;
/** The number of accounts of each person: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = byRunLength({ short: 10, long: 60 });

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({ HOLD_TTL_MS: String(HOLD_TTL_MS), WORKERS: "2" });
});
afterAll(() => test.close());

it("a storm of overlapping holds gives no seat two owners and no hold only part of its seats, and Redis and the ledger agree", async () => {
	const showtimeId = await test.showtime();
	const crowd = startCrowd({
		buyers: await test.buyers(CLIENTS * ACCOUNTS_EACH),
		people: CLIENTS,
		showtimeIds: [showtimeId],
		seatCount: SEATS_WANTED,
	});
	const endsAt = Date.now() + DURATION_MS;
	const seenMidway: string[] = [];
	while (Date.now() < endsAt)
		seenMidway.push(...(await test.proof.partialHolds(showtimeId)), ...(await test.proof.mapViolations(showtimeId)));
	await crowd.stop();
	expect(seenMidway).toEqual([]);

	await test.proof.drained(20_000);
	const { history } = crowd;
	console.log(`storm: ${JSON.stringify(tallyCodes(history))}, faults: ${JSON.stringify(tallyFaults(history))}`);
	expect(await findViolationsAtRest(test, history, [showtimeId])).toEqual([]);
	expect(findUnexpectedAnswers(history)).toEqual({});
	// Every combination of outcomes occurred at least once.
	const outcomes = new Set(
		reconstructStories(history).map(({ confirmed, cancelled }) => `confirmed: ${confirmed}, cancelled: ${cancelled}`),
	);
	for (const confirmed of ["yes", "no"]) {
		for (const cancelled of ["yes", "no"]) expect(outcomes).toContain(`confirmed: ${confirmed}, cancelled: ${cancelled}`);
	}
	expect(tallyCodes(history)).toHaveProperty("hold 409 seats_taken");
});
