/** The two copies of the deny list, on a real Redis in which one of them is lost, broken or out of reach. */
import { randomUUID } from "node:crypto";
import { startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuthStore, createAuthStore } from "./auth-store.ts";
import { DENIED_BUCKETS, deniedKeys } from "./keys.ts";

const copies = DENIED_BUCKETS.map(deniedKeys);
const lists = copies.map(({ list }) => list);
/** Each copy beside the other one. */
const PAIRS = [0, 1].map((broken) => ({ broken: deniedKeys(broken === 0 ? 0 : 1), sound: deniedKeys(broken === 0 ? 1 : 0) }));

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
/** What the process knows without asking Redis; null: it has to ask. */
function known(store: AuthStore, id: string): boolean | null {
	const answer = store.isDenied(id);
	if (typeof answer === "boolean") return answer;
	answer.catch(() => {});
	return null;
}
const untilLive = (store: AuthStore) => waitUntil("the list to be heard", () => known(store, randomUUID()) === false);
const scores = async (id: string) => Promise.all(lists.map((list) => redis.zscore(list, id)));

describe("a denial", () => {
	it("is written to both copies before it is acknowledged, and taken back from both", async () => {
		const [store, id, untilMs] = [open(), randomUUID(), later()];
		await store.deny(id, untilMs);
		expect(await scores(id)).toEqual([String(untilMs), String(untilMs)]);
		await store.allow(id);
		expect(await scores(id)).toEqual([null, null]);
	});

	it("is in both copies after a restart of Redis", async () => {
		const [id, untilMs] = [randomUUID(), later()];
		await open().deny(id, untilMs);
		await server.kill();
		await server.restart();
		await waitUntil("Redis to be read", () => redis.ping().catch(() => null));
		expect(await scores(id)).toEqual([String(untilMs), String(untilMs)]);
	});

	it("is unavailable, not outcome_unknown, when neither copy was sent anything", async () => {
		await server.kill();
		await expect(open().deny(randomUUID(), later())).rejects.toMatchObject({ name: "SeatStoreFault", kind: "unavailable" });
	});
});

describe.each(PAIRS)("while $broken.list holds a value of the wrong type", ({ broken, sound }) => {
	it("a denial is outcome_unknown, its repeat after the repair is acknowledged, and every check is answered meanwhile", async () => {
		await redis.set(broken.list, "no list");
		const store = open();
		const [id, stranger] = [randomUUID(), randomUUID()];
		expect(await store.isDenied(stranger)).toBe(false);
		await untilLive(store);
		await expect(store.deny(id, later())).rejects.toMatchObject({ name: "SeatStoreFault", kind: "outcome_unknown" });
		await waitUntil("the sound copy to be heard", () => known(store, id));
		expect(known(store, stranger)).toBe(false);
		expect(await open().isDenied(id)).toBe(true);

		await redis.del(broken.list);
		await store.deny(id, later());
		expect((await scores(id)).includes(null)).toBe(false);
	});

	it("a denial that is taken back is outcome_unknown and goes on being enforced until both copies have forgotten it", async () => {
		const [store, id] = [open(), randomUUID()];
		await store.deny(id, later());
		await redis.rename(broken.list, "aside");
		await redis.set(broken.list, "no list");
		await expect(store.allow(id)).rejects.toMatchObject({ kind: "outcome_unknown" });
		expect(await redis.zscore(sound.list, id)).toBeNull();
		await redis.rename("aside", broken.list);
		expect(await open().isDenied(id)).toBe(true);
		await store.allow(id);
		expect([known(store, id) ?? (await store.isDenied(id)), await open().isDenied(id)]).toEqual([false, false]);
	});
});

describe.each(PAIRS)("while Redis refuses every access to $broken.list", ({ broken, sound }) => {
	it("a denial is outcome_unknown, and every check is answered by the other copy", async () => {
		const store = open();
		await untilLive(store);
		await redis.call("ACL", "SETUSER", "default", "resetkeys", "resetchannels", `~${sound.list}`, `&${sound.channel}`);
		const [id, stranger] = [randomUUID(), randomUUID()];
		await expect(store.deny(id, later())).rejects.toMatchObject({ kind: "outcome_unknown" });
		await waitUntil("the sound copy to be heard", () => known(store, id));
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
	it("refuses what either copy denies, when it asks Redis and once it has loaded both", async () => {
		const ids = lists.map(() => randomUUID());
		for (const [copy, list] of lists.entries()) await redis.zadd(list, later(), ids[copy] ?? "");
		const store = open();
		expect(await Promise.all(ids.map((id) => store.isDenied(id)))).toEqual([true, true]);
		await waitUntil("both copies to be loaded", () => ids.every((id) => known(store, id)));
	});

	it.each(lists)("refuses what was denied before Redis lost %s", async (lost) => {
		const id = randomUUID();
		await open().deny(id, later());
		await redis.del(lost);
		const store = open();
		expect(await store.isDenied(id)).toBe(true);
		await waitUntil("both copies to be loaded", () => known(store, id));
	});
});

it("a denial that one channel takes back is enforced until the other does, too", async () => {
	const [store, id] = [open(), randomUUID()];
	await untilLive(store);
	const [first = "", second = ""] = copies.map(({ channel }) => channel);
	await waitUntil("both to be subscribed", async () => (await redis.publish(first, "0 x")) + (await redis.publish(second, "0 x")) === 2);
	await redis.publish(second, `${later()} ${id}`);
	await redis.publish(first, `${later()} ${id}`);
	await waitUntil("the denial", () => known(store, id));
	await redis.publish(first, `0 ${id}`);
	// Another denial on the same channel: what came before it was heard.
	const next = randomUUID();
	await redis.publish(first, `${later()} ${next}`);
	await waitUntil("the next denial", () => known(store, next));
	expect(known(store, id)).toBe(true);
	await redis.publish(second, `0 ${id}`);
	await waitUntil("the denial to be over", () => known(store, id) === false);
});
