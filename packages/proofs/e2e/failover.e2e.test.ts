/**
 * A replica is promoted under load while its primary lives on, with an API and a sweeper of its own and people who still
 * ask there; then the old primary restarts alone, and at last follows the new one.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { reconstructStories } from "@holdfast/proofs";
import { howLong, waitUntil } from "@holdfast/testing";
import { afterEach, describe, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openReplicatedStack, type ReplicatedStack, type Side } from "./open-replicated-stack.ts";
import { type Crowd, startCrowd } from "./start-crowd.ts";
import { findStrangeAnswers, tallyCodes } from "./tally-history.ts";

const CLIENTS = 48;
const SHOWTIMES = 3;
const ROWS = 4;
const SEATS = 40;
const HOLD_TTL_MS = "4000";
/** What is bought, or asked for in vain, between two turns of the story. */
const TURN = howLong({ short: 20, long: 300 });
const TURN_DEADLINE_MS = howLong({ short: 30_000, long: 300_000 });
const DRAIN_DEADLINE_MS = 60_000;
/** Each person has so many accounts: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = howLong({ short: 5, long: 30 });
const PATIENCE_MAX = 4;
/** One person in three does not hear of the new side for a while. */
const STAYS = 3;

let test: ReplicatedStack | undefined;
afterEach(async () => {
	await test?.close();
	test = undefined;
});

const isAnswered = (kind: string, server: string, result: string) => (operation: Crowd["history"][number]) =>
	operation.kind === kind && operation.server === server && operation.result === result;

/** Resolves when the crowd has had so many more of these answers. */
async function untilMore(crowd: Crowd, side: Side, result: "ok" | "unknown", count: number): Promise<void> {
	const look = isAnswered("confirm", side.apiUrl, result);
	const before = crowd.history.filter(look).length;
	const what = `${count} more confirms answered ${result} at ${side.apiUrl}`;
	await waitUntil(what, () => crowd.history.filter(look).length >= before + count, TURN_DEADLINE_MS);
}

async function untilOpen({ apiUrl }: Side, showtimeId: ShowtimeId): Promise<void> {
	const look = async () => (await fetch(`${apiUrl}/api/v1/showtimes/${showtimeId}/seats`)).status === 200;
	await waitUntil(`showtime ${showtimeId} to be open at ${apiUrl}`, look, TURN_DEADLINE_MS);
}

async function sumOfDepths({ proof }: Side): Promise<number> {
	return (await proof.depths()).reduce((sum, depth) => sum + depth, 0);
}

/** The whole story, the same at each level; what the old side did meanwhile is noted for each to judge. */
async function failOverUnderLoad(ackLevel: "local" | "replica") {
	test = await openReplicatedStack({ ACK_LEVEL: ackLevel, HOLD_TTL_MS, QUARANTINE_MS: "0" });
	const { first } = test;
	const showtimeIds = await test.showtimes(SHOWTIMES, ROWS);
	const epochs = async () =>
		(await test?.query("select redis_epoch from showtimes order by id"))?.map((row) => Number(row.redis_epoch)) ?? [];
	let serverOf = (_place: number): string => first.apiUrl;
	const crowd = startCrowd({
		buyers: await test.buyers(CLIENTS * ACCOUNTS_EACH, (place) => serverOf(place)),
		people: CLIENTS,
		showtimeIds,
		seatCount: SEATS,
		patienceMax: PATIENCE_MAX,
		restMaxMs: 50,
	});
	await untilMore(crowd, first, "ok", TURN);

	// No replica hears of what the primary does from now on; for the loss to be certain at local, neither does the ledger.
	if (ackLevel === "local") await first.stack.sweeper.kill("SIGKILL");
	await test.replica.cutOff();
	await untilMore(crowd, first, ackLevel === "local" ? "ok" : "unknown", TURN / 3);
	const { promotedMs, second } = await test.failOver();
	for (const showtimeId of showtimeIds) await untilOpen(second, showtimeId);
	serverOf = (place) => (place % STAYS === 0 ? first.apiUrl : second.apiUrl);
	await untilMore(crowd, second, "ok", TURN);
	await untilMore(crowd, first, ackLevel === "local" ? "ok" : "unknown", TURN / 3);
	const before = { epochs: await epochs(), depth: await sumOfDepths(first) };

	await first.redis.restart();
	const restartedMs = Date.now();
	await untilMore(crowd, second, "ok", TURN);
	const after = { epochs: await epochs(), depth: await sumOfDepths(first) };

	serverOf = () => second.apiUrl;
	await first.redis.follow(test.replica.port);
	await untilMore(crowd, second, "ok", TURN);
	await crowd.stop();
	await crowd.resolve();
	await second.proof.drained(DRAIN_DEADLINE_MS);

	const { history } = crowd;
	console.log(`failover at ${ackLevel}: ${JSON.stringify(tallyCodes(history))}`);
	const violations = await findViolationsAtRest({ proof: second.proof, databaseUrl: test.databaseUrl }, history, showtimeIds, {
		holds: false,
	});
	const mapViolations = (await Promise.all(showtimeIds.flatMap((id) => [first.proof.violations(id), second.proof.violations(id)]))).flat();
	const atFirst = history.filter(({ server, result }) => server === first.apiUrl && result === "ok");
	const saidYes = atFirst.filter(
		({ kind, answered, invokedMs }) =>
			(kind === "confirm" || kind === "cancel") && answered?.status !== "expired" && invokedMs >= promotedMs,
	);
	const servedAlone = atFirst.filter(({ kind, invokedMs }) => (kind === "hold" || kind === "map") && invokedMs >= restartedMs);
	return { history, violations, mapViolations, saidYes, servedAlone, before, after };
}

describe("a failover at ACK_LEVEL=replica", () => {
	it("loses nothing that was acknowledged and sells nothing twice; the old side acknowledges, rebuilds and sweeps no more", async () => {
		const { history, violations, mapViolations, saidYes, servedAlone, before, after } = await failOverUnderLoad("replica");
		expect(violations).toEqual([]);
		expect(mapViolations).toEqual([]);
		expect(saidYes).toEqual([]);
		expect(servedAlone).toEqual([]);
		expect(after.epochs).toEqual(before.epochs);
		expect(before.depth).toBeGreaterThan(0);
		expect(after.depth).toBeGreaterThanOrEqual(before.depth);
		expect(findStrangeAnswers(history, ["404 not_found", "409 booking_state"])).toEqual({});
		expect(reconstructStories(history).filter(({ cancelled }) => cancelled === "maybe")).toEqual([]);
	});
});

describe("the same at ACK_LEVEL=local", () => {
	it("loses what only the old primary knew, which the history counts; the ledger still sells nothing twice", async () => {
		const { violations, mapViolations, saidYes } = await failOverUnderLoad("local");
		const lost = violations.filter((violation) => violation.startsWith("lost confirm"));
		console.log(`lost at local: ${lost.length} confirms; ${saidYes.length} more acknowledged by the old side after the failover`);
		expect(lost).not.toEqual([]);
		expect(violations.filter((violation) => /^(sold twice|recorded twice|partial booking)/.test(violation))).toEqual([]);
		expect(mapViolations).toEqual([]);
	});
});
