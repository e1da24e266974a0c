/** A crowd at three small halls while every part of the product is killed in turn, judged by what everyone was told. */
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "@holdfast/local-stack";
import { reconstructStories } from "@holdfast/proofs";
import { createRandom, howLong, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { type Crowd, startCrowd } from "./start-crowd.ts";
import { findStrangeAnswers, tallyCodes, tallyFaults } from "./tally-history.ts";

const CLIENTS = 64;
const SHOWTIMES = 3;
const ROWS = 4;
const SEATS = 40;
const HOLD_TTL_MS = 1_500;
/** Each round kills every part once; no round begins later than this. */
const DURATION_MS = howLong({ short: 12_000, long: 300_000 });
/** A part is away for this long at most; the longest ones outlive the deadline of a call. */
const OUTAGE_MAX_MS = howLong({ short: 800, long: 4_000 });
/** What the crowd buys between two outages. */
const SALES_BETWEEN = 32;
/** Each person has so many accounts: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = howLong({ short: 5, long: 60 });
const PATIENCE_MAX = 6;
const REST_MAX_MS = 50;
const HEALTHY_DEADLINE_MS = 30_000;
const DRAIN_DEADLINE_MS = 60_000;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({ HOLD_TTL_MS: String(HOLD_TTL_MS), WORKERS: "2" });
});
afterAll(() => test.close());

it("everyone who was told yes has their seats, nobody else does, and no seat ever had two owners", async () => {
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
	await waitUntil("the product to be well", isHealthy, HEALTHY_DEADLINE_MS);
	for (const showtimeId of showtimeIds) {
		await waitUntil("the map", async () => (await test.get(`/showtimes/${showtimeId}/seats`)).status === 200, HEALTHY_DEADLINE_MS);
	}
	await crowd.resolve();
	await test.proof.drained(DRAIN_DEADLINE_MS);

	const { history } = crowd;
	console.log(`history: ${JSON.stringify(tallyCodes(history))}, faults: ${JSON.stringify(tallyFaults(history))}`);
	expect(await findViolationsAtRest(test, history, showtimeIds)).toEqual([]);
	expect(findStrangeAnswers(history)).toEqual({});
	const stories = reconstructStories(history);
	expect(stories.filter(({ confirmed, cancelled }) => cancelled === "maybe" || (confirmed === "maybe" && cancelled === "no"))).toEqual([]);
	expect(stories.filter(({ confirmed, cancelled }) => confirmed === "yes" && cancelled === "no")).not.toEqual([]);
	expect(history.filter(({ result }) => result === "unknown")).not.toEqual([]);
});

/** One after the other, in an order of chance; the crowd gets on between two of them. */
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
