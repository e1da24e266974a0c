/** Processes that are killed or stopped under load: nothing acknowledged is lost, and nothing is recorded twice. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { byRunLength, type SpawnedApp, spawnApp, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { accountsFor, installShowtimes, startBuyers } from "./start-buyers.ts";
import { tallyFaults } from "./tally-history.ts";

const SWEEPER = join(import.meta.dirname, "../../../apps/sweeper/src/main.ts");
const KILLS = byRunLength({ short: 3, long: 10 });
const BACKLOG = byRunLength({ short: 400, long: 1_000 });
const POSTGRES_OUTAGE_MS = byRunLength({ short: 2_500, long: 60_000 });
/** How long the buyers buy before Postgres is stopped, and beside two sweepers. */
const BUSY_MS = byRunLength({ short: 1_000, long: 3_000 });
/** How long Redis runs before each kill, and how long it is down. */
const REDIS_MS = byRunLength({ short: { up: 500, down: 500 }, long: { up: 1_500, down: 1_000 } });
/** Long enough for a busy machine. */
const BACKLOG_DEADLINE_MS = 60_000;
const DRAIN_DEADLINE_MS = 85_000;
/** Small, so that a kill interrupts the sweeper in the middle of a drain. */
const SETTLE_BATCH_MAX = "5";

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({}, { ownPostgres: true });
});
afterAll(() => test.close());
// A test that fails while a part is stopped must not make the next tests fail.
beforeEach(async () => {
	for (const part of [test.stack.redis, test.stack.postgres, test.stack.sweeper]) await part?.start();
});

function spawnSweeper(): SpawnedApp {
	const { databaseUrl, redisUrl } = test.stack.info;
	return spawnApp(SWEEPER, { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, SETTLE_BATCH_MAX, LOG_LEVEL: "fatal" });
}

const depth = async (): Promise<number> => (await test.proof.depths()).reduce((sum, n) => sum + n, 0);

describe("a sweeper that is killed repeatedly while it drains the outbox", () => {
	it(`no booking is lost or recorded twice when the sweeper is killed ${KILLS} times during a drain`, async () => {
		await test.stack.sweeper.stop();
		const showtimeIds = await installShowtimes(test, 20);
		const buyers = startBuyers(await test.buyers(accountsFor(showtimeIds.length)), showtimeIds);
		await waitUntil("the outbox to fill", () => buyers.confirmed() >= BACKLOG, BACKLOG_DEADLINE_MS);
		await buyers.stop();
		let killedMidway = 0;
		for (let kill = 0; kill < KILLS; kill += 1) {
			const before = await depth();
			const sweeper = spawnSweeper();
			await waitUntil("the sweeper to settle entries", async () => (await depth()) < before, BACKLOG_DEADLINE_MS);
			sweeper.child.kill("SIGKILL");
			await sweeper.ended;
			if ((await depth()) > 0) killedMidway += 1;
		}
		await test.stack.sweeper.start();
		await test.proof.drained(DRAIN_DEADLINE_MS);
		expect(tallyFaults(buyers.history)).toEqual({});
		expect(killedMidway).toBe(KILLS);
		expect(await findViolationsAtRest(test, buyers.history, showtimeIds)).toEqual([]);
	});
});

describe("two sweepers at once", () => {
	it("no booking is lost or recorded twice when two sweepers settle the same outboxes", async () => {
		const showtimeIds = await installShowtimes(test, 20);
		const second = spawnSweeper();
		const buyers = startBuyers(await test.buyers(accountsFor(showtimeIds.length)), showtimeIds);
		await delay(BUSY_MS);
		await buyers.stop();
		await test.proof.drained(DRAIN_DEADLINE_MS);
		second.child.kill("SIGTERM");
		await second.ended;
		expect(tallyFaults(buyers.history)).toEqual({});
		expect(await findViolationsAtRest(test, buyers.history, showtimeIds)).toEqual([]);
	});
});

describe("Postgres stopped under load", () => {
	it("holds and confirms go on while Postgres is stopped, and everything is recorded after it starts again", async () => {
		const showtimeIds = await installShowtimes(test, byRunLength({ short: 60, long: 360 }));
		const buyers = startBuyers(await test.buyers(accountsFor(showtimeIds.length)), showtimeIds);
		const startedAt = Date.now();
		await delay(BUSY_MS);
		await test.stack.postgres?.stop();
		const [before, stoppedAt] = [buyers.confirmed(), Date.now()];
		await delay(POSTGRES_OUTAGE_MS);
		const during = buyers.confirmed() - before;
		const waiting = await depth();
		const perSecond = { before: before / ((stoppedAt - startedAt) / 1000), during: during / ((Date.now() - stoppedAt) / 1000) };
		await test.stack.postgres?.start();
		await buyers.stop();
		console.log(
			`bookings/s before and during the outage: ${perSecond.before.toFixed(0)}, ${perSecond.during.toFixed(0)}; waiting in the outbox: ${waiting}`,
		);
		await test.proof.drained(DRAIN_DEADLINE_MS);
		expect(tallyFaults(buyers.history)).toEqual({});
		expect(waiting).toBeGreaterThanOrEqual(during);
		expect(await findViolationsAtRest(test, buyers.history, showtimeIds)).toEqual([]);
	});
});

describe("Redis killed under load and started again on its data", () => {
	it("every acknowledged confirm survives three kills of Redis, and repeated requests get correct answers", async () => {
		const showtimeIds = await installShowtimes(test, 60);
		const buyers = startBuyers(await test.buyers(accountsFor(showtimeIds.length)), showtimeIds);
		for (let kill = 0; kill < 3; kill += 1) {
			await delay(REDIS_MS.up);
			await test.stack.redis?.kill("SIGKILL");
			await delay(REDIS_MS.down);
			await test.stack.redis?.start();
		}
		await delay(REDIS_MS.up);
		await buyers.stop();
		await test.proof.drained(DRAIN_DEADLINE_MS);
		console.log(`faults while Redis was down: ${JSON.stringify(tallyFaults(buyers.history))}; confirmed: ${buyers.confirmed()}`);
		expect(await findViolationsAtRest(test, buyers.history, showtimeIds)).toEqual([]);
	});
});
