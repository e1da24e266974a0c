/** The two copies of the deny list, on a real Redis where one copy is lost, broken or inaccessible. */
import { randomUUID } from "node:crypto";
import { startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuthStore, createAuthStore } from "./auth-store.ts";
import { DENIED_BUCKETS, deniedKeys } from "./keys.ts";

const copies = DENIED_BUCKETS.map(deniedKeys);
const lists = copies.map(({ list }) => list);
/** Each copy once as the broken one. */
const PAIRS = [0, 1].map((broken) => ({ broken: deniedKeys(broken === 0 ? 0 : 1), intact: deniedKeys(broken === 0 ? 1 : 0) }));

const toClose: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of toClose.splice(0).reverse()) await close();
});

let server: TestRedis;
let redis: Redis;
beforeEach(async () => {
	server = await startTestRedis();
	toClose.push(server.stop);
	redis = new Redis(server.url);
	redis.on("error", () => {});
	toClose.push(() => redis.disconnect());
});

function open(): AuthStore {
	const store = createAuthStore({ url: server.url });
	toClose.push(store.close);
	return store;
}

const later = () => Date.now() + 600_000;
/** The answer from the cache; null when the process must ask Redis. */
function known(store: AuthStore, id: string): boolean | null {
	const answer = store.isDenied(id);
	if (typeof answer === "boolean") return answer;
	answer.catch(() => {});
	return null;
}
const untilLive = (store: AuthStore) => waitUntil("the deny list to be live", () => known(store, randomUUID()) === false);
const scores = async (id: string) => Promise.all(lists.map((list) => redis.zscore(list, id)));

describe("a denial", () => {
	it("is written to both copies before it is acknowledged, and removed from both", async () => {
		const [store, id, untilMs] = [open(), randomUUID(), later()];
		await store.deny(id, untilMs);
		expect(await scores(id)).toEqual([String(untilMs), String(untilMs)]);
		await store.allow(id);
		expect(await scores(id)).toEqual([null, null]);
	});

	it("is still in both copies after a restart of Redis", async () => {
		const [id, untilMs] = [randomUUID(), later()];
		await open().deny(id, untilMs);
		await server.kill();
		await server.restart();
		await waitUntil("Redis to answer", () => redis.ping().catch(() => null));
		expect(await scores(id)).toEqual([String(untilMs), String(untilMs)]);
	});

	it("is unavailable and not outcome_unknown when nothing was sent to either copy", async () => {
		await server.kill();
		await expect(open().deny(randomUUID(), later())).rejects.toMatchObject({ name: "SeatStoreFault", kind: "unavailable" });
	});
});

describe.each(PAIRS)("while $broken.list holds a value of the wrong type", ({ broken, intact }) => {
	it("deny is outcome_unknown, its repeat after the repair is acknowledged, and every check is answered meanwhile", async () => {
		await redis.set(broken.list, "no list");
		const store = open();
		const [id, stranger] = [randomUUID(), randomUUID()];
		expect(await store.isDenied(stranger)).toBe(false);
		await untilLive(store);
		await expect(store.deny(id, later())).rejects.toMatchObject({ name: "SeatStoreFault", kind: "outcome_unknown" });
		await waitUntil("the denial from the intact copy", () => known(store, id));
		expect(known(store, stranger)).toBe(false);
		expect(await open().isDenied(id)).toBe(true);

		await redis.del(broken.list);
		await store.deny(id, later());
		expect((await scores(id)).includes(null)).toBe(false);
	});

	it("allow is outcome_unknown, and the denial is enforced until it is removed from both copies", async () => {
		const [store, id] = [open(), randomUUID()];
		await store.deny(id, later());
		await redis.rename(broken.list, "aside");
		await redis.set(broken.list, "no list");
		await expect(store.allow(id)).rejects.toMatchObject({ kind: "outcome_unknown" });
		expect(await redis.zscore(intact.list, id)).toBeNull();
		await redis.rename("aside", broken.list);
		expect(await open().isDenied(id)).toBe(true);
		await store.allow(id);
		expect([known(store, id) ?? (await store.isDenied(id)), await open().isDenied(id)]).toEqual([false, false]);
	});
});

describe.each(PAIRS)("while Redis refuses every access to $broken.list", ({ broken, intact }) => {
	it("deny is outcome_unknown, and the other copy answers every check", async () => {
		const store = open();
		await untilLive(store);
		await redis.call("ACL", "SETUSER", "default", "resetkeys", "resetchannels", `~${intact.list}`, `&${intact.channel}`);
		const [id, stranger] = [randomUUID(), randomUUID()];
		await expect(store.deny(id, later())).rejects.toMatchObject({ kind: "outcome_unknown" });
		await waitUntil("the denial from the intact copy", () => known(store, id));
		await untilLive(store);
		expect(known(store, stranger)).toBe(false);
		const newcomer = open();
		expect([await newcomer.isDenied(id), await newcomer.isDenied(stranger)]).toEqual([true, false]);
		await untilLive(newcomer);
		expect(known(newcomer, id)).toBe(true);

		await redis.call("ACL", "SETUSER", "default", "allkeys", "allchannels");
		await store.deny(id, later());
		expect(await redis.zscore(broken.list, id)).not.toBeNull();
	});
});

describe("a process that starts", () => {
	it("refuses an id that either copy denies, before and after it has loaded both", async () => {
		const ids = lists.map(() => randomUUID());
		for (const [copy, list] of lists.entries()) await redis.zadd(list, later(), ids[copy] ?? "");
		const store = open();
		expect(await Promise.all(ids.map((id) => store.isDenied(id)))).toEqual([true, true]);
		await waitUntil("both copies to be loaded", () => ids.every((id) => known(store, id)));
	});

	it.each(lists)("refuses an id that was denied before Redis lost %s", async (lost) => {
		const id = randomUUID();
		await open().deny(id, later());
		await redis.del(lost);
		const store = open();
		expect(await store.isDenied(id)).toBe(true);
		await waitUntil("both copies to be loaded", () => known(store, id));
	});
});

it("a denial is enforced until both channels have published its removal", async () => {
	const [store, id] = [open(), randomUUID()];
	await untilLive(store);
	const [first = "", second = ""] = copies.map(({ channel }) => channel);
	await waitUntil(
		"both channels to be subscribed",
		async () => (await redis.publish(first, "0 x")) + (await redis.publish(second, "0 x")) === 2,
	);
	await redis.publish(second, `${later()} ${id}`);
	await redis.publish(first, `${later()} ${id}`);
	await waitUntil("the denial", () => known(store, id));
	await redis.publish(first, `0 ${id}`);
	// A second denial on the same channel proves that the message before it was received.
	const next = randomUUID();
	await redis.publish(first, `${later()} ${next}`);
	await waitUntil("the next denial", () => known(store, next));
	expect(known(store, id)).toBe(true);
	await redis.publish(second, `0 ${id}`);
	await waitUntil("the denial to end", () => known(store, id) === false);
});
