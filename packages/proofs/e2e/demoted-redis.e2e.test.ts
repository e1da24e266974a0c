/**
 * The primary is demoted under load while its address already leads to the new one, and no connection breaks: API and sweeper are
 * to find the new primary by themselves, with everything that they do at Redis.
 */
import { rmSync } from "node:fs";
import { makeScratchFolder, type Stack, sendInlineCommand, startStack } from "@holdfast/local-stack";
import { followSeats, openProof, type Proof } from "@holdfast/proofs";
import { DENIED_BUCKETS, deniedKeys } from "@holdfast/seat-store/testing";
import { insertShowtimes, openTestProxy, startTestRedis, type TestProxy, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterEach, expect, it } from "vitest";
import { findViolationsAtRest } from "./find-violations-at-rest.ts";
import { insertBuyers, UNTHROTTLED } from "./open-test-stack.ts";
import { type Crowd, startCrowd } from "./start-crowd.ts";
import { findStrangeAnswers, tallyFaults } from "./tally-history.ts";

const CLIENTS = 24;
const SHOWTIMES = 2;
const ROWS = 4;
const SEATS = 40;
const BOUGHT = 40;
/** A look each second, a way to the new primary, a rebuild per showtime; on a machine that others use as well. */
const WRITES_AGAIN_MAX_MS = 10_000;
const DRAIN_DEADLINE_MS = 30_000;

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

async function keep<T>(opening: Promise<T> | T, close: (it: T) => Promise<unknown> | unknown): Promise<T> {
	const it = await opening;
	closers.push(() => close(it));
	return it;
}

const startRedis = (replicaOf?: TestRedis) =>
	keep(startTestRedis(replicaOf === undefined ? {} : { replicaOf }), (it) => it.kill().then(it.stop));

type Scene = {
	readonly primary: TestRedis;
	readonly replica: TestRedis;
	readonly proxy: TestProxy;
	readonly stack: Stack;
	readonly proof: Proof;
};

/** The replica has a replica of its own, so that it is not alone once it is the primary. */
async function open(ackLevel: "local" | "replica"): Promise<Scene> {
	const primary = await startRedis();
	const replica = await startRedis(primary);
	await startRedis(replica);
	const proxy = await keep(openTestProxy(primary.port), (it) => it.close());
	const dataDir = await keep(makeScratchFolder(), (it) => rmSync(it, { recursive: true, force: true }));
	const environment = { LOG_LEVEL: "warn", ACK_LEVEL: ackLevel, HOLD_TTL_MS: "4000", QUARANTINE_MS: "0", ...UNTHROTTLED };
	const stack = await keep(startStack({ dataDir, redisUrl: proxy.url, skipSeed: true, environment }), (it) => it.stop());
	const proof = await keep(openProof({ redisUrl: replica.url, databaseUrl: stack.info.databaseUrl }), (it) => it.close());
	return { primary, replica, proxy, stack, proof };
}

const sales = ({ history }: Crowd) => history.filter(({ kind, result }) => kind === "confirm" && result === "ok");

/** `FAILOVER` loses nothing; `REPLICAOF` on both sides is what an operator or a Sentinel does. */
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
	"at ACK_LEVEL=%s everything goes on at the new primary, and nothing acknowledged is lost",
	async (ackLevel) => {
		const scene = await open(ackLevel);
		const { stack, proof, replica } = scene;
		const { apiUrl, databaseUrl, jwtSecret } = stack.info;
		const { showtimeIds } = await insertShowtimes(databaseUrl, { count: SHOWTIMES, rows: ROWS });
		const [showtimeId] = showtimeIds;
		if (showtimeId === undefined) throw new Error("no showtime was inserted");
		const buyers = await insertBuyers({ databaseUrl, jwtSecret, count: CLIENTS, server: () => apiUrl });
		const crowd = startCrowd({ buyers, showtimeIds, seatCount: SEATS, restMaxMs: 50 });
		await waitUntil("the crowd to buy", () => sales(crowd).length >= BOUGHT, 30_000);
		const watcher = await keep(followSeats({ origin: apiUrl, showtimeId }), (it) => it.close());

		await DEMOTE[ackLevel](scene);
		const demotedMs = Date.now();
		const next = () => sales(crowd).find(({ invokedMs }) => invokedMs >= demotedMs);
		await waitUntil("a confirm after the failover", next, WRITES_AGAIN_MAX_MS).finally(() => {
			const after = crowd.history.filter(({ respondedMs }) => respondedMs >= demotedMs);
			const faults = JSON.stringify(tallyFaults(after));
			console.log(`demoted at ${ackLevel}: ${((Date.now() - demotedMs) / 1_000).toFixed(2)} s; ${faults} of ${after.length} answers`);
		});
		await waitUntil("the crowd to buy", () => sales(crowd).filter(({ invokedMs }) => invokedMs >= demotedMs).length >= BOUGHT, 30_000);
		await crowd.stop();
		await crowd.resolve();
		await proof.drained(DRAIN_DEADLINE_MS);

		const { history } = crowd;
		// The old primary is a replica now: whatever still asks it to wait, or listens there, was not moved.
		expect(await sendInlineCommand(scene.primary.port, "PUBSUB SHARDCHANNELS", 1)).toBe("*0");
		const channels = DENIED_BUCKETS.map((bucket) => deniedKeys(bucket).channel);
		for (const channel of channels) expect(await sendInlineCommand(replica.port, `PUBSUB NUMSUB ${channel}`, 4)).toMatch(/:1$/);
		expect(findStrangeAnswers(history, ["404 not_found", "409 booking_state"])).toEqual({});
		expect(await findViolationsAtRest({ proof, databaseUrl }, history, showtimeIds, { holds: false })).toEqual([]);
		await waitUntil("the watcher to know the map", async () => watcher.statuses() === (await proof.statuses(showtimeId)));
		expect(watcher.violations).toEqual([]);
		const health = await fetch(`${apiUrl}/api/v1/health`);
		expect([health.status, Object(await health.json()).status]).toEqual([200, "ok"]);
	},
);
