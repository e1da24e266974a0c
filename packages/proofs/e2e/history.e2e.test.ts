/** A crowd buys seats of three small showtimes while every process of the product is killed in turn. The history is checked. */
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "@holdfast/local-stack";
import { reconstructStories } from "@holdfast/proofs";
import { byRunLength, createRandom, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { type Crowd, startCrowd } from "./start-crowd.ts";
import { findUnexpectedAnswers, tallyCodes, tallyFaults } from "./tally-history.ts";

const CLIENTS = byRunLength({ short: 32, long: 64 });
const SHOWTIMES = 3;
const ROWS = 4;
const SEATS = 40;
const HOLD_TTL_MS = 1_500;
/** Each round kills every part once. No round begins later than this. */
const DURATION_MS = byRunLength({ short: 6_000, long: 300_000 });
/** The longest time a part is down. The longest outages exceed the deadline of a call. */
const OUTAGE_MAX_MS = byRunLength({ short: 800, long: 4_000 });
/** The number of confirms between two outages. */
const SALES_BETWEEN = 32;
/** The number of accounts of each person: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = byRunLength({ short: 10, long: 60 });
const PATIENCE_MAX = 6;
const REST_MAX_MS = 50;
const HEALTHY_DEADLINE_MS = 30_000;
const DRAIN_DEADLINE_MS = 60_000;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({ HOLD_TTL_MS: String(HOLD_TTL_MS), WORKERS: "2" }, { ownPostgres: true });
});
afterAll(() => test.close());

it("every acknowledged confirm and cancel is in the ledger, and no seat ever has two owners, while every process is killed in turn", async () => {
	const showtimeIds = await test.showtimes(SHOWTIMES, { rows: ROWS });
	const crowd = startCrowd({
		buyers: await test.buyers(CLIENTS * ACCOUNTS_EACH),
		people: CLIENTS,
		showtimeIds,
		seatCount: SEATS,
		patienceMax: PATIENCE_MAX,
		restMaxMs: REST_MAX_MS,
	});
	await killInTurn(crowd);
	await crowd.stop();
	await waitUntil("health to be ok", isHealthy, HEALTHY_DEADLINE_MS);
	for (const showtimeId of showtimeIds) {
		await waitUntil(
			"the seat map to be readable",
			async () => (await test.get(`/showtimes/${showtimeId}/seats`)).status === 200,
			HEALTHY_DEADLINE_MS,
		);
	}
	await crowd.resolve();
	await test.proof.drained(DRAIN_DEADLINE_MS);

	const { history } = crowd;
	console.log(`history: ${JSON.stringify(tallyCodes(history))}, faults: ${JSON.stringify(tallyFaults(history))}`);
	expect(await findViolationsAtRest(test, history, showtimeIds)).toEqual([]);
	expect(findUnexpectedAnswers(history)).toEqual({});
	const stories = reconstructStories(history);
	expect(stories.filter(({ confirmed, cancelled }) => cancelled === "maybe" || (confirmed === "maybe" && cancelled === "no"))).toEqual([]);
	expect(stories.filter(({ confirmed, cancelled }) => confirmed === "yes" && cancelled === "no")).not.toEqual([]);
	expect(history.filter(({ result }) => result === "unknown")).not.toEqual([]);
});

/** Kills one part after the other, in random order. The crowd buys seats between two kills. */
async function killInTurn(crowd: Crowd): Promise<void> {
	const { below: random } = createRandom(7);
	const { api, sweeper, redis, postgres } = test.stack;
	for (const endsAt = Date.now() + DURATION_MS; Date.now() < endsAt; ) {
		const parts = [api, sweeper, redis, postgres].flatMap((part) => (part === null ? [] : [{ part, turn: random(1_000) }]));
		for (const { part } of parts.sort((a, b) => a.turn - b.turn)) {
			const before = countSales(crowd);
			await waitUntil("the crowd to buy", () => countSales(crowd) >= before + SALES_BETWEEN, HEALTHY_DEADLINE_MS);
			await outage(part, random(OUTAGE_MAX_MS));
		}
	}
}

async function outage(part: Part, forMs: number): Promise<void> {
	await part.kill("SIGKILL");
	await delay(forMs);
	await part.start();
}

const countSales = ({ history }: Crowd): number => history.filter(({ kind, result }) => kind === "confirm" && result === "ok").length;

async function isHealthy(): Promise<boolean> {
	const answer = await test.get("/health").catch(() => null);
	return answer?.body.status === "ok";
}
