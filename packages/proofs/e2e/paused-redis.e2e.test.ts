/** A Redis that is paused for ten seconds: it accepts connections and commands, and answers none. */
import { setTimeout as delay } from "node:timers/promises";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openTestStack, type TestStack, tally } from "./open-test-stack.ts";
import { startCrowd } from "./start-crowd.ts";
import { findUnexpectedAnswers, tallyCodes } from "./tally-history.ts";

const CLIENTS = 32;
/** The number of accounts of each person: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = 10;
const SEATS = 100;
const PAUSE_MS = 10_000;
/** The deadline of a call is 2 s, and a request makes at most a few calls in sequence. */
const ANSWER_MAX_MS = 6_000;
/** More simultaneous requests than the crowd ever sends. */
const BURST = 500;
const BACK_MAX_MS = 5_000;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({ HOLD_TTL_MS: "20000" });
});
afterAll(() => test.close());

it("every request gets a 503 in time while Redis is paused, and bookings work again within 5 s after it resumes", async () => {
	const showtimeIds = await test.showtimes(2);
	const [showtimeId] = showtimeIds;
	if (showtimeId === undefined) throw new Error("no showtime was inserted");
	const [visitors, buyers] = [await test.buyers(BURST), await test.buyers(CLIENTS * ACCOUNTS_EACH)];
	const crowd = startCrowd({ buyers, people: CLIENTS, showtimeIds, seatCount: SEATS, restMaxMs: 50 });
	const sales = () => crowd.history.filter(({ kind, result }) => kind === "confirm" && result === "ok").length;
	await waitUntil("the crowd to buy", () => sales() >= CLIENTS);

	test.stack.redis?.pause();
	const pausedMs = Date.now();
	const startMs = performance.now();
	const burst = await Promise.all(visitors.map((visitor) => visitor.map(showtimeId)));
	const burstMs = performance.now() - startMs;
	await delay(PAUSE_MS - burstMs);
	const resumedMs = Date.now();
	test.stack.redis?.resume();
	const before = sales();
	await waitUntil("the crowd to buy again", () => sales() > before, BACK_MAX_MS);
	await crowd.stop();
	await crowd.resolve();
	await test.proof.drained(20_000);

	const { history } = crowd;
	const during = history.filter(({ invokedMs, respondedMs }) => invokedMs > pausedMs && respondedMs < resumedMs);
	console.log(`paused: ${JSON.stringify(tallyCodes(during))}; a burst of ${BURST} requests was answered in ${burstMs.toFixed(0)} ms`);
	expect(tally(burst)).toEqual({ "503 unavailable": BURST });
	expect(burstMs).toBeLessThan(ANSWER_MAX_MS);
	expect(Object.keys(tallyCodes(during)).filter((code) => !/ 503 (outcome_unknown|unavailable)$/.test(code))).toEqual([]);
	expect(during.length).toBeGreaterThan(CLIENTS);
	expect(Math.max(...history.map(({ invokedMs, respondedMs }) => respondedMs - invokedMs))).toBeLessThan(ANSWER_MAX_MS);
	expect(findUnexpectedAnswers(history)).toEqual({});
	expect(await findViolationsAtRest(test, history, showtimeIds)).toEqual([]);
});
