/** Every connection to Redis leaves a server that was demoted, when its address already leads to the new primary. */
import { randomUUID } from "node:crypto";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { SILENT_LOG } from "@holdfast/runtime";
import { buildShowtime, type TestProxy, type TestRedis, waitUntil } from "@holdfast/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { createAuthStore } from "./auth-store.ts";
import { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
import { bucketKeys, showtimeKeys } from "./keys.ts";
import { createLink, type Link } from "./link.ts";
import { atKey, WHOLE_STORE } from "./place.ts";
import type { SeatStore } from "./seat-store.ts";
import type { SeatMessage } from "./subscribe-to-seats.ts";
import { installSnapshot } from "./testing/install-snapshot.ts";
import { faultKindOf, openTestServers } from "./testing/open-test-servers.ts";

const DEADLINE_MS = 2_000;
/** An inspection each second, plus the time to connect to the new primary. */
const RECONNECTED_WITHIN_MS = 2_000;
const { closeLater, start, openClient, openProxy } = openTestServers();

let primary: TestRedis;
let replica: TestRedis;
let proxy: TestProxy;
beforeEach(async () => {
	primary = await start();
	replica = await start({ replicaOf: primary });
	proxy = await openProxy(primary.port);
});

function openLink(): Link {
	return closeLater(createLink({ url: proxy.url, log: SILENT_LOG }));
}

function openStore(options: Partial<SeatStoreOptions> = {}): SeatStore {
	return closeLater(createSeatStore({ url: proxy.url, limits: DEFAULT_LIMITS, ackLevel: "local", ...options }));
}

/**
 * Promotes the replica and makes the old primary follow it. The address still leads to the old primary, so a link that notices the demotion
 * before a test has made its calls cannot make them at the new one.
 */
async function demote(): Promise<void> {
	const admin = openClient(primary);
	await admin.set("last", "yes");
	await admin.wait(1, DEADLINE_MS);
	await replica.promote();
	await primary.follow(replica.port);
}

/** Points the address at the new primary. Existing connections stay with the old one. */
const pointAtNewPrimary = (): void => proxy.retarget(replica.port);

/** A demotion after which the address leads to the new primary at once. */
async function failOver(): Promise<void> {
	await demote();
	pointAtNewPrimary();
}

const set = (link: Link, key: string) => link.run(atKey(key), "write", DEADLINE_MS, (redis) => redis.set(key, "yes"));
const get = (link: Link, key: string) => link.run(atKey(key), "read", DEADLINE_MS, (redis) => redis.get(key));
const untilWritten = (link: Link, key: string) =>
	waitUntil(`${key} to be written`, async () => (await faultKindOf(set(link, key))) === "done", RECONNECTED_WITHIN_MS);

describe("a link whose server was demoted", () => {
	it("rejects the refused write as unavailable, and writes to the new primary within 2 s", async () => {
		const link = openLink();
		await set(link, "before");
		await demote();
		expect(await faultKindOf(set(link, "refused"))).toBe("unavailable");
		pointAtNewPrimary();
		await untilWritten(link, "after");
		const onNew = openClient(replica);
		expect(await onNew.mget("before", "refused", "after")).toEqual(["yes", null, "yes"]);
	});

	it("notices the demotion within 2 s without any call", async () => {
		const link = openLink();
		await get(link, "nothing");
		await failOver();
		await waitUntil("a connection to the new primary", () => proxy.accepted() === 2, RECONNECTED_WITHIN_MS);
		expect(await faultKindOf(set(link, "after"))).toBe("done");
	});

	it("still answers every call that was sent before the refusal arrived", async () => {
		const link = openLink();
		await set(link, "before");
		// The calls reach the server only after its demotion, which the link can learn from their answers alone.
		proxy.hold();
		const answers = [faultKindOf(set(link, "refused")), ...Array.from({ length: 500 }, () => get(link, "before"))];
		await primary.cutOff();
		proxy.release();
		expect(await Promise.all(answers)).toEqual(["unavailable", ...Array.from({ length: 500 }, () => "yes")]);
	});

	it("rejects as outcome_unknown when one step of a write was executed and the next refused", async () => {
		const link = openLink();
		const halfDone = link.run(WHOLE_STORE, "write", 10_000, async (redis) => {
			await redis.set("first", "yes");
			await failOver();
			await redis.set("second", "yes");
		});
		expect(await faultKindOf(halfDone)).toBe("outcome_unknown");
	});

	it("rejects as unavailable when a write was refused after reads, or after an EVALSHA of an unknown script", async () => {
		const link = openLink();
		await get(link, "nothing");
		await demote();
		const script = `return redis.call("SET", "script", "yes")`;
		const results = [
			link.run(WHOLE_STORE, "write", DEADLINE_MS, (redis) => redis.get("before").then(() => redis.set("refused", "yes"))),
			link.run(WHOLE_STORE, "write", DEADLINE_MS, (redis) => redis.evalsha("0".repeat(40), 0).catch(() => redis.eval(script, 0))),
		].map(faultKindOf);
		expect(await Promise.all(results)).toEqual(["unavailable", "unavailable"]);
	});

	it("resolves the address once a second while it leads to a replica, and writes again within 2 s of a promotion", async () => {
		const link = openLink();
		await get(link, "nothing");
		await primary.follow(await start().then(({ port }) => port));
		const before = proxy.accepted();
		const startMs = performance.now();
		while (performance.now() - startMs < 3_500) expect(await faultKindOf(set(link, "refused"))).toBe("unavailable");
		const resolved = proxy.accepted() - before;
		expect(resolved).toBeGreaterThanOrEqual(2);
		expect(resolved).toBeLessThanOrEqual(5);
		await primary.promote();
		await untilWritten(link, "after");
	});
});

describe("a primary that refuses writes", () => {
	it.each([
		["NOREPLICAS", ["min-replicas-to-write", "2"], ["min-replicas-to-write", "0"]],
		["OOM", ["maxmemory", "1"], ["maxmemory", "0"]],
	])("keeps its connection on %s: reads continue, and the next write is sent to it", async (_code, failing, repaired) => {
		const [link, admin] = [openLink(), openClient(primary)];
		await set(link, "before");
		const idOf = () => link.run(WHOLE_STORE, "read", DEADLINE_MS, (redis) => redis.client("ID"));
		const id = await idOf();
		await admin.call("CONFIG", "SET", ...failing);
		expect(await faultKindOf(set(link, "refused"))).toBe("unavailable");
		expect(await get(link, "before")).toBe("yes");
		await admin.call("CONFIG", "SET", ...repaired);
		expect(await faultKindOf(set(link, "after"))).toBe("done");
		expect([await idOf(), proxy.accepted()]).toEqual([id, 1]);
	});
});

describe("the seat store's other connections", () => {
	it("an interrupted blocking read can be repeated on the new primary", async () => {
		const store = openStore();
		const interrupted = faultKindOf(store.waitForEntries({ timeoutMs: 5_000 }));
		await waitUntil("the read to block", async () => /blocked_clients:1/.test(await openClient(primary).info("clients")));
		await failOver();
		expect(await interrupted).toBe("unavailable");
		await openClient(replica).xadd(bucketKeys(3).outbox, "*", "field", "value");
		const read = async () => (await store.waitForEntries({ timeoutMs: 100 }).catch((): number[] => [])).includes(3);
		await waitUntil("the entry", read, RECONNECTED_WITHIN_MS);
		expect(await openClient(primary).info("clients")).toMatch(/blocked_clients:0/);
	});

	it("a reader that was not blocked during the failover reads the outbox of the new primary", async () => {
		const store = openStore();
		await store.waitForEntries({ timeoutMs: 10 });
		await failOver();
		await primary.cutOff();
		await openClient(replica).xadd(bucketKeys(3).outbox, "*", "field", "value");
		const read = async () => (await store.waitForEntries({ timeoutMs: 100 }).catch((): number[] => [])).includes(3);
		await waitUntil("the entry", read, RECONNECTED_WITHIN_MS);
	});

	it("a subscription to seats is restored, and receives what the new primary publishes", async () => {
		const store = openStore();
		const showtime = buildShowtime();
		await installSnapshot(store, { showtime });
		const received: SeatMessage["what"][] = [];
		await store.watchSeats(showtime.id, ({ what }) => received.push(what));
		await failOver();
		// Messages that the old primary may forward must not count.
		await primary.cutOff();
		await waitUntil("the subscription", () => received.includes("resumed"), RECONNECTED_WITHIN_MS);
		await openClient(replica).spublish(showtimeKeys(showtime.id).map, "7 A 1");
		await waitUntil("the change", () => received.at(-1) === "seats");
	});

	it("confirms with ACK_LEVEL=replica are acknowledged by a replica of the new primary", async () => {
		const store = openStore({ ackLevel: "replica" });
		const another = await start({ replicaOf: replica });
		const requeue = () => faultKindOf(store.requeueEntry(5, { field: "value" }));
		expect(await requeue()).toBe("done");
		await demote();
		expect(await requeue()).toBe("unavailable");
		pointAtNewPrimary();
		await waitUntil("an acknowledged write", async () => (await requeue()) === "done", RECONNECTED_WITHIN_MS);
		expect(await openClient(another).xlen(bucketKeys(5).outbox)).toBe(2);
	});
});

describe("the auth store after a failover", () => {
	it("receives denials from the new primary and counts attempts there within 2 s", async () => {
		const [here, there] = [closeLater(createAuthStore({ url: proxy.url })), closeLater(createAuthStore({ url: proxy.url }))];
		await waitUntil("the deny list to be live", () => here.isDenied(randomUUID()) === false);
		await there.countAttempt("limit", "subject", 60_000);
		await failOver();
		await primary.cutOff();
		const count = () => faultKindOf(here.countAttempt("limit", "subject", 60_000));
		await waitUntil("an attempt to be counted", async () => (await count()) === "done", RECONNECTED_WITHIN_MS);
		const family = randomUUID();
		await waitUntil("a denial", async () => (await faultKindOf(there.deny(family, Date.now() + 60_000))) === "done", RECONNECTED_WITHIN_MS);
		await waitUntil("the other process to receive the denial", async () => (await here.isDenied(family)) === true, 1_000);
	});
});
