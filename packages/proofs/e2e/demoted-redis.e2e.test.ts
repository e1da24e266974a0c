/**
 * The primary is demoted under load. Its address already leads to the new primary, but no connection breaks: API and sweeper must
 * notice that they are connected to a replica, and move all of their connections to the new primary.
 */
import { rmSync } from "node:fs";
import { makeScratchFolder, type Stack, sendInlineCommand, startStack } from "@holdfast/local-stack";
import { followSeats, openProof, type Proof } from "@holdfast/proofs";
import { DENIED_BUCKETS, deniedKeys } from "@holdfast/seat-store/testing";
import {
	byRunLength,
	createTestDatabase,
	insertShowtimes,
	openTestProxy,
	startTestRedis,
	type TestProxy,
	type TestRedis,
	waitUntil,
} from "@holdfast/testing";
import { afterEach, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { insertBuyers, UNTHROTTLED } from "./open-test-stack.ts";
import { type Crowd, startCrowd } from "./start-crowd.ts";
import { findUnexpectedAnswers, tallyFaults } from "./tally-history.ts";

const CLIENTS = 24;
const REST_MAX_MS = byRunLength({ short: 100, long: 50 });
const SHOWTIMES = 2;
const ROWS = 4;
const SEATS = 40;
const BOUGHT = byRunLength({ short: 20, long: 40 });
/** A check each second, new connections, and one rebuild per showtime; with room for a busy machine. */
const WRITES_AGAIN_MAX_MS = 10_000;
const DRAIN_DEADLINE_MS = 30_000;

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

/** Closes what was opened after the test, in reverse order. */
async function keep<T>(opening: Promise<T> | T, close: (opened: T) => Promise<unknown> | unknown): Promise<T> {
	const opened = await opening;
	closers.push(() => close(opened));
	return opened;
}

const startRedis = (replicaOf?: TestRedis) =>
	keep(startTestRedis(replicaOf === undefined ? {} : { replicaOf }), (redis) => redis.kill().then(redis.stop));

type Scene = {
	readonly primary: TestRedis;
	readonly replica: TestRedis;
	readonly proxy: TestProxy;
	readonly stack: Stack;
	readonly proof: Proof;
};

/** Opens a stack on a primary with a replica. The replica has another replica, so that it has one after its promotion. */
async function open(ackLevel: "local" | "replica"): Promise<Scene> {
	const primary = await startRedis();
	const replica = await startRedis(primary);
	await startRedis(replica);
	const proxy = await keep(openTestProxy(primary.port), (opened) => opened.close());
	const database = await keep(createTestDatabase(), ({ drop }) => drop());
	const postgres = { databaseUrl: database.url, databaseOwnerUrl: database.ownerUrl };
	const dataDir = await keep(makeScratchFolder(), (folder) => rmSync(folder, { recursive: true, force: true }));
	const environment = { LOG_LEVEL: "warn", ACK_LEVEL: ackLevel, HOLD_TTL_MS: "4000", QUARANTINE_MS: "0", ...UNTHROTTLED };
	const stack = await keep(startStack({ dataDir, redisUrl: proxy.url, ...postgres, skipSeed: true, environment }), (started) =>
		started.stop(),
	);
	const proof = await keep(openProof({ redisUrl: replica.url, databaseUrl: stack.info.databaseUrl }), (opened) => opened.close());
	return { primary, replica, proxy, stack, proof };
}

const sales = ({ history }: Crowd) => history.filter(({ kind, result }) => kind === "confirm" && result === "ok");

/** Demotes the primary: with `FAILOVER`, which loses no write, or with `REPLICAOF` on both servers, as an operator or a Sentinel does. */
const DEMOTE = {
	async local({ primary, replica, proxy }: Scene) {
		proxy.retarget(replica.port);
		await sendInlineCommand(primary.port, `FAILOVER TO 127.0.0.1 ${replica.port} TIMEOUT 10000`);
		await waitUntil("the failover", async () => (await sendInlineCommand(replica.port, "ROLE", 3))?.includes("master"));
	},
	async replica({ primary, replica, proxy }: Scene) {
		proxy.retarget(replica.port);
		await replica.promote();
		await primary.follow(replica.port);
	},
};

it.each(["local", "replica"] as const)(
	"API and sweeper move to the new primary after a demotion at ACK_LEVEL=%s, and nothing acknowledged is lost",
	async (ackLevel) => {
		const scene = await open(ackLevel);
		const { stack, proof, replica } = scene;
		const { apiUrl, databaseUrl, jwtSecret } = stack.info;
		const { showtimeIds } = await insertShowtimes(databaseUrl, { count: SHOWTIMES, rows: ROWS });
		const [showtimeId] = showtimeIds;
		if (showtimeId === undefined) throw new Error("no showtime was inserted");
		const buyers = await insertBuyers({ databaseUrl, jwtSecret, count: CLIENTS, server: () => apiUrl });
		const crowd = startCrowd({ buyers, showtimeIds, seatCount: SEATS, restMaxMs: REST_MAX_MS });
		await waitUntil("the crowd to buy", () => sales(crowd).length >= BOUGHT, 30_000);
		// On a busy machine the API may answer 503 until it has subscribed.
		const follow = () => followSeats({ origin: apiUrl, showtimeId }).catch(() => null);
		const watcher = await keep(waitUntil("a stream of seat changes", follow), (follower) => follower.close());

		await DEMOTE[ackLevel](scene);
		const demotedMs = Date.now();
		const next = () => sales(crowd).find(({ invokedMs }) => invokedMs >= demotedMs);
		await waitUntil("a confirm after the failover", next, WRITES_AGAIN_MAX_MS).finally(() => {
			const after = crowd.history.filter(({ respondedMs }) => respondedMs >= demotedMs);
			const faults = JSON.stringify(tallyFaults(after));
			console.log(
				`demoted at ${ackLevel}: first confirm after ${((Date.now() - demotedMs) / 1_000).toFixed(2)} s; faults ${faults} of ${after.length} answers`,
			);
		});
		await waitUntil("the crowd to buy", () => sales(crowd).filter(({ invokedMs }) => invokedMs >= demotedMs).length >= BOUGHT, 30_000);
		await crowd.stop();
		await crowd.resolve();
		await proof.drained(DRAIN_DEADLINE_MS);

		const { history } = crowd;
		// The old primary is a replica now. A subscription that is still open there was not moved.
		expect(await sendInlineCommand(scene.primary.port, "PUBSUB SHARDCHANNELS", 1)).toBe("*0");
		const channels = DENIED_BUCKETS.map((bucket) => deniedKeys(bucket).channel);
		for (const channel of channels) expect(await sendInlineCommand(replica.port, `PUBSUB NUMSUB ${channel}`, 4)).toMatch(/:1$/);
		expect(findUnexpectedAnswers(history, ["404 not_found", "409 booking_state"])).toEqual({});
		expect(await findViolationsAtRest({ proof, databaseUrl }, history, showtimeIds, { holds: false })).toEqual([]);
		await waitUntil("the watcher to have the latest map", async () => watcher.statuses() === (await proof.statuses(showtimeId)));
		expect(watcher.violations).toEqual([]);
		const health = await fetch(`${apiUrl}/api/v1/health`);
		expect([health.status, Object(await health.json()).status]).toEqual([200, "ok"]);
	},
);
