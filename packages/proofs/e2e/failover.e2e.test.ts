/**
 * A failover under load. The replica is promoted while the old primary keeps running with its own API and sweeper, and some clients
 * still use them. Then the old primary restarts without a replica, and finally it becomes a replica of the new primary.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { reconstructStories } from "@holdfast/proofs";
import { byRunLength, waitUntil } from "@holdfast/testing";
import { afterEach, describe, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { openReplicatedStack, type ReplicatedStack, type Side } from "./open-replicated-stack.ts";
import { type Crowd, startCrowd } from "./start-crowd.ts";
import { findUnexpectedAnswers, tallyCodes } from "./tally-history.ts";

const CLIENTS = byRunLength({ short: 24, long: 48 });
const REST_MAX_MS = byRunLength({ short: 100, long: 50 });
const SHOWTIMES = 3;
const ROWS = 4;
const SEATS = 40;
const HOLD_TTL_MS = "4000";
/** The number of confirms, answered or not, between two steps of the test. */
const TURN = byRunLength({ short: 20, long: 300 });
const TURN_DEADLINE_MS = byRunLength({ short: 30_000, long: 300_000 });
const DRAIN_DEADLINE_MS = 60_000;
/** The number of accounts of each person: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = byRunLength({ short: 10, long: 30 });
const PATIENCE_MAX = 4;
/** One client in three keeps using the old side for a while. */
const STAYS = 3;

let test: ReplicatedStack | undefined;
afterEach(async () => {
	await test?.close();
	test = undefined;
});

const isAnswered = (kind: string, server: string, result: string) => (operation: Crowd["history"][number]) =>
	operation.kind === kind && operation.server === server && operation.result === result;

/** Resolves when the crowd has received `count` more confirms with this result from this side. */
async function untilMore(crowd: Crowd, side: Side, result: "ok" | "unknown", count: number): Promise<void> {
	const matches = isAnswered("confirm", side.apiUrl, result);
	const before = crowd.history.filter(matches).length;
	const what = `${count} more confirms with the result ${result} from ${side.apiUrl}`;
	await waitUntil(what, () => crowd.history.filter(matches).length >= before + count, TURN_DEADLINE_MS);
}

async function untilOpen({ apiUrl }: Side, showtimeId: ShowtimeId): Promise<void> {
	const isOpen = async () => (await fetch(`${apiUrl}/api/v1/showtimes/${showtimeId}/seats`)).status === 200;
	await waitUntil(`showtime ${showtimeId} to be open at ${apiUrl}`, isOpen, TURN_DEADLINE_MS);
}

async function sumOfDepths({ proof }: Side): Promise<number> {
	return (await proof.depths()).reduce((sum, depth) => sum + depth, 0);
}

/** Runs the failover at one level. Resolves to the history, the violations, and what the old side did after the promotion. */
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
		restMaxMs: REST_MAX_MS,
	});
	await untilMore(crowd, first, "ok", TURN);

	// From now on no replica receives the writes of the primary. At local the sweeper is killed too, so that the loss is certain.
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
	const acknowledged = atFirst.filter(
		({ kind, answered, invokedMs }) =>
			(kind === "confirm" || kind === "cancel") && answered?.status !== "expired" && invokedMs >= promotedMs,
	);
	const servedAlone = atFirst.filter(({ kind, invokedMs }) => (kind === "hold" || kind === "map") && invokedMs >= restartedMs);
	return { history, violations, mapViolations, acknowledged, servedAlone, before, after };
}

describe("a failover at ACK_LEVEL=replica", () => {
	it("a failover at replica loses nothing acknowledged and sells no seat twice, and the old side acknowledges, rebuilds and settles nothing", async () => {
		const { history, violations, mapViolations, acknowledged, servedAlone, before, after } = await failOverUnderLoad("replica");
		expect(violations).toEqual([]);
		expect(mapViolations).toEqual([]);
		expect(acknowledged).toEqual([]);
		expect(servedAlone).toEqual([]);
		expect(after.epochs).toEqual(before.epochs);
		expect(before.depth).toBeGreaterThan(0);
		expect(after.depth).toBeGreaterThanOrEqual(before.depth);
		expect(findUnexpectedAnswers(history, ["404 not_found", "409 booking_state"])).toEqual({});
		expect(reconstructStories(history).filter(({ cancelled }) => cancelled === "maybe")).toEqual([]);
	});
});

describe("a failover at ACK_LEVEL=local", () => {
	it("a failover at local loses confirms that only the old primary had, and the ledger still has no seat sold twice", async () => {
		const { violations, mapViolations, acknowledged } = await failOverUnderLoad("local");
		const lost = violations.filter((violation) => violation.startsWith("lost confirm"));
		console.log(`lost at local: ${lost.length} confirms; ${acknowledged.length} answers acknowledged by the old side after the failover`);
		expect(lost).not.toEqual([]);
		expect(violations.filter((violation) => /^(sold twice|recorded twice|partial booking)/.test(violation))).toEqual([]);
		expect(mapViolations).toEqual([]);
	});
});
