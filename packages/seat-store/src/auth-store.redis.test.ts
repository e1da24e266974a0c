/** The auth store on a real Redis that is killed, is paused, or falls silent. */
import { randomUUID } from "node:crypto";
import { openTestProxy, startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { type AuthStore, type AuthStoreOptions, createAuthStore } from "./auth-store.ts";
import { SeatStoreFault } from "./fault.ts";
import { deniedKeys } from "./keys.ts";

const MINUTE_MS = 60_000;
const [FIRST, SECOND] = [deniedKeys(0), deniedKeys(1)];
const LISTS = [FIRST.list, SECOND.list];

const toClose: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of toClose.splice(0).reverse()) await close();
});

async function start(): Promise<TestRedis> {
	const server = await startTestRedis();
	toClose.push(server.stop);
	return server;
}

function open(url: string, options: Partial<AuthStoreOptions> = {}): AuthStore {
	const store = createAuthStore({ url, ...options });
	toClose.push(store.close);
	return store;
}

function connectTo({ url }: TestRedis): Redis {
	const redis = new Redis(url);
	redis.on("error", () => {});
	toClose.push(() => redis.disconnect());
	return redis;
}

/** The answer from the cache; null when the store must ask Redis. */
function known(store: AuthStore, family: string = randomUUID()): boolean | null {
	const answer = store.isDenied(family);
	if (typeof answer === "boolean") return answer;
	answer.catch(() => {});
	return null;
}

const isLive = (store: AuthStore): boolean => known(store) !== null;
const killSubscriptions = (redis: Redis) => redis.call("CLIENT", "KILL", "TYPE", "pubsub");
const untilLive = (store: AuthStore) => waitUntil("the deny list to be live", () => isLive(store));
const later = () => Date.now() + 10 * MINUTE_MS;

describe("a denied family", () => {
	it("is refused at once by the process that denied it, and within a second by others, without a call to Redis", async () => {
		const server = await start();
		const [here, there] = [open(server.url), open(server.url)];
		await Promise.all([untilLive(here), untilLive(there)]);
		const family = randomUUID();
		expect([here.isDenied(family), there.isDenied(family)]).toEqual([false, false]);
		await here.deny(family, later());
		expect(here.isDenied(family)).toBe(true);
		await waitUntil("the other process to receive the denial", () => known(there, family), 1_000);
		expect(there.isDenied(randomUUID())).toBe(false);
	});

	it("is refused at once by the process that denied it, even while its subscription is lost", async () => {
		const server = await start();
		const [store, redis] = [open(server.url), connectTo(server)];
		await untilLive(store);
		const family = randomUUID();
		await killSubscriptions(redis);
		await waitUntil("the loss of the subscription to be noticed", () => !isLive(store));
		await store.deny(family, later());
		expect(known(store, family)).toBe(true);
	});

	it("is refused by a process that starts afterwards", async () => {
		const server = await start();
		const family = randomUUID();
		await open(server.url).deny(family, later());
		const newcomer = open(server.url);
		expect(await newcomer.isDenied(family)).toBe(true);
		await untilLive(newcomer);
		expect(newcomer.isDenied(family)).toBe(true);
	});

	it("is accepted again after allow: at once here, within a second elsewhere, and by a process that starts later", async () => {
		const server = await start();
		const [here, there] = [open(server.url), open(server.url)];
		await Promise.all([untilLive(here), untilLive(there)]);
		const [user, other] = [randomUUID(), randomUUID()];
		for (const id of [user, other]) await here.deny(id, later());
		await waitUntil("the other process to receive both denials", () => known(there, user) && known(there, other), 1_000);
		await here.allow(user);
		await here.allow(user);
		expect(here.isDenied(user)).toBe(false);
		await waitUntil("the other process to accept the user again", () => known(there, user) === false, 1_000);
		expect([here.isDenied(other), there.isDenied(other)]).toEqual([true, true]);
		const newcomer = open(server.url);
		await untilLive(newcomer);
		expect([newcomer.isDenied(user), newcomer.isDenied(other)]).toEqual([false, true]);
	});

	it("refuses a token when its family or its user is denied, from the cache and from Redis", async () => {
		const server = await start();
		const [store, redis] = [open(server.url), connectTo(server)];
		await untilLive(store);
		const [family, user, stranger] = [randomUUID(), randomUUID(), randomUUID()];
		await store.deny(user, later());
		expect([store.isDenied(family, user), store.isDenied(user, family), store.isDenied(family, stranger)]).toEqual([true, true, false]);
		const newcomer = open(server.url);
		expect(await newcomer.isDenied(family, user)).toBe(true);
		expect(await newcomer.isDenied(family, stranger)).toBe(false);
		for (const list of LISTS) expect(await redis.zcard(list)).toBe(1);
	});

	it("is removed from processes and from Redis after the denial has ended", async () => {
		const server = await start();
		const [store, redis] = [open(server.url), connectTo(server)];
		await untilLive(store);
		const [brief, other] = [randomUUID(), randomUUID()];
		await store.deny(brief, Date.now() + 300);
		expect(store.isDenied(brief)).toBe(true);
		await waitUntil("the denial to end", () => known(store, brief) === false);
		for (const list of LISTS) await redis.zadd(list, Date.now() - 2 * MINUTE_MS, "expired long ago");
		await store.deny(other, later());
		for (const list of LISTS) {
			expect(await redis.zrange(list, "0", "-1")).toEqual([brief, other]);
			const endsInMs = await redis.pttl(list);
			expect(endsInMs).toBeGreaterThan(10 * MINUTE_MS);
			expect(endsInMs).toBeLessThanOrEqual(11 * MINUTE_MS);
		}
	});
});

describe("a process whose subscription is lost", () => {
	it("asks Redis over the link that still works", async () => {
		const server = await start();
		const [store, redis] = [open(server.url), connectTo(server)];
		await untilLive(store);
		const family = randomUUID();
		// Written to Redis directly, so no message is published.
		for (const list of LISTS) await redis.zadd(list, later(), family);
		expect(known(store, family)).toBe(false);
		await killSubscriptions(redis);
		await waitUntil("the loss of the subscription to be noticed", () => known(store, family) !== false);
		expect(await store.isDenied(family)).toBe(true);
		await untilLive(store);
		expect(known(store, family)).toBe(true);
	});

	it("notices a silent connection within a second, and then every check rejects with a fault", async () => {
		const server = await start();
		const proxy = await openTestProxy(server.port);
		toClose.push(proxy.close);
		const [store, elsewhere] = [open(proxy.url), open(server.url)];
		await untilLive(store);
		const family = randomUUID();
		proxy.mute();
		const mutedMs = performance.now();
		await elsewhere.deny(family, later());
		await waitUntil("the silence to be noticed", () => !isLive(store));
		expect(performance.now() - mutedMs).toBeLessThan(1_000);
		await expect(store.isDenied(family)).rejects.toBeInstanceOf(SeatStoreFault);
		proxy.heal();
		await waitUntil("the denial to be received after the silence", () => known(store, family));
	});

	it("rejects new denials while Redis is down, and keeps earlier ones even when Redis has lost them", async () => {
		const server = await start();
		const store = open(server.url);
		await untilLive(store);
		const [first, second] = [randomUUID(), randomUUID()];
		await store.deny(first, later());
		await server.kill();
		await waitUntil("the loss of the subscription to be noticed", () => !isLive(store));
		expect(store.isDenied(first)).toBe(true);
		await expect(store.deny(second, later())).rejects.toBeInstanceOf(SeatStoreFault);
		await server.restart();
		await connectTo(server).del(LISTS);
		await untilLive(store);
		expect([store.isDenied(first), store.isDenied(second)]).toEqual([true, false]);
		await store.deny(second, later());
		expect(store.isDenied(second)).toBe(true);
	});
});

describe("a process with a full cache of denials", () => {
	it("asks Redis with one denial more than the limit, and answers from the cache at the limit", async () => {
		const server = await start();
		const [writer, small] = [open(server.url), open(server.url, { deniedKeptMax: 2 })];
		await untilLive(small);
		const families = [randomUUID(), randomUUID(), randomUUID()];
		const [first = "", second = "", third = ""] = families;
		await writer.deny(first, later());
		await writer.deny(second, later());
		await waitUntil("both denials to be received", () => known(small, first) && known(small, second));
		expect(isLive(small)).toBe(true);
		await writer.deny(third, later());
		await waitUntil("the limit to be exceeded", () => !isLive(small));
		expect(await Promise.all(families.map((family) => small.isDenied(family)))).toEqual([true, true, true]);
		expect(await small.isDenied(randomUUID())).toBe(false);
	});
});

describe("countAttempt", () => {
	it("counts attempts per limit and subject across processes, and starts again from 1 after the window", async () => {
		const server = await start();
		const [one, two] = [open(server.url), open(server.url)];
		const count = async (store: AuthStore, limit: string, subject: string) => (await store.countAttempt(limit, subject, 400)).attempts;
		expect([
			await count(one, "ip", "a"),
			await count(two, "ip", "a"),
			await count(one, "ip", "b"),
			await count(one, "account", "a"),
		]).toEqual([1, 2, 1, 1]);
		await waitUntil("the window to end", async () => (await count(one, "ip", "a")) === 1);
	});

	it("returns when the window ends, and further attempts do not extend the window", async () => {
		const server = await start();
		const [store, redis] = [open(server.url), connectTo(server)];
		const first = await store.countAttempt("ip", "a", MINUTE_MS);
		expect(first.windowEndsInMs).toBeGreaterThan(MINUTE_MS - 1_000);
		const [key = ""] = await redis.keys("attempts:*");
		await redis.pexpire(key, 5_000);
		expect((await store.countAttempt("ip", "a", MINUTE_MS)).windowEndsInMs).toBeLessThanOrEqual(5_000);
		await redis.persist(key);
		expect((await store.countAttempt("ip", "a", MINUTE_MS)).windowEndsInMs).toBeGreaterThan(5_000);
	});

	it("stores no IP address and no e-mail address in Redis", async () => {
		const server = await start();
		await open(server.url).countAttempt("account", "ada@example.com", MINUTE_MS);
		expect(String(await connectTo(server).keys("*"))).toMatch(/^attempts:account:[A-Za-z0-9_-]{22}$/);
	});
});

it("a malformed message on the deny list channel is ignored", async () => {
	const server = await start();
	const store = open(server.url);
	await untilLive(store);
	for (const { channel } of [FIRST, SECOND]) await connectTo(server).publish(channel, "nonsense");
	const family = randomUUID();
	await store.deny(family, later());
	expect(store.isDenied(family)).toBe(true);
});
