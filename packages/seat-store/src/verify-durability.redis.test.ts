/** What a store finds out about its Redis, and what it does then: real servers, made worse and better while it runs. */
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
import { findReasonNotToStart } from "./durability-settings.ts";
import { SeatStoreFault } from "./fault.ts";
import { WRITE_PROBE_KEY } from "./keys.ts";
import type { SeatStore } from "./seat-store.ts";

const SOUND = {
	appendonly: "yes",
	appendfsync: "always",
	"no-appendfsync-on-rewrite": "no",
	"maxmemory-policy": "noeviction",
};
const FLAWED = {
	appendonly: "no",
	appendfsync: "everysec",
	"no-appendfsync-on-rewrite": "yes",
	"maxmemory-policy": "allkeys-lru",
};

let server: TestRedis;
let redis: Redis;
const toClose: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
	server = await startTestRedis();
	redis = new Redis(server.url);
	redis.on("error", () => {});
	toClose.push(server.stop, async () => redis.disconnect());
});
afterEach(async () => {
	for (const close of toClose.splice(0).reverse()) await close();
});

type Opened = { store: SeatStore; logged: string[] };

function open(options: Partial<SeatStoreOptions> = {}): Opened {
	const logged: string[] = [];
	const note = (level: string) => (first: unknown, second?: unknown) => void logged.push(`${level}: ${second ?? first}`);
	const log = { info: note("info"), warn: note("warn"), error: note("error") };
	const store = createSeatStore({ url: server.url, limits: DEFAULT_LIMITS, log, ...options });
	toClose.push(store.close);
	return { store, logged };
}

async function look(options: Partial<SeatStoreOptions> = {}) {
	const { store, logged } = open(options);
	await waitUntil("Redis to be looked at", () => store.durability().status !== "unknown");
	return { ...store.durability(), store, logged };
}

async function writeFault(store: SeatStore): Promise<string | null> {
	try {
		await store.markSwept(0, 1_000);
		return null;
	} catch (error) {
		if (!(error instanceof SeatStoreFault)) throw error;
		expect(error.kind).toBe("unavailable");
		return error.message;
	}
}

async function startReplica(): Promise<TestRedis> {
	const replica = await startTestRedis({ replicaOf: server });
	// A replica that still writes its first append-only file refuses to end cleanly.
	toClose.push(() => replica.kill().then(replica.stop));
	return replica;
}

/** Break every other connection. */
const cutConnections = () => redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");

describe("a Redis that keeps what it acknowledges", () => {
	it("is ok, and is not known before it was seen", async () => {
		const { store, logged } = open();
		expect(store.durability()).toEqual({ status: "unknown", flaws: [] });
		await store.ping();
		expect(store.durability()).toEqual({ status: "ok", flaws: [] });
		expect(await writeFault(store)).toBeNull();
		expect(logged).toEqual(["info: redis connected"]);
	});
});

describe("a Redis that may lose what it acknowledged", () => {
	it.each(Object.entries(FLAWED))("is refused for %s %s, by a sentence that says what it must be", async (name, value) => {
		await redis.config("SET", name, value);
		const needed = SOUND[name as keyof typeof SOUND];
		const flaw = `${name} is ${value}; it must be ${needed}`;
		const { status, flaws, store, logged } = await look();
		expect({ status, flaws }).toEqual({ status: "refused", flaws: [flaw] });
		expect(await writeFault(store)).toContain(flaw);
		expect(await store.listUnsweptBuckets()).toHaveLength(DEFAULT_LIMITS.buckets);
		expect(logged).toContain("error: redis does not keep what is confirmed: writes are refused");
	});

	it("is refused with all its flaws at once, and the reason not to start names each and the way out", async () => {
		for (const [name, value] of Object.entries(FLAWED)) await redis.config("SET", name, value);
		expect((await look()).flaws).toHaveLength(4);
		const reason = await findReasonNotToStart({ url: server.url, limits: DEFAULT_LIMITS });
		for (const [name, value] of Object.entries(FLAWED)) expect(reason).toContain(`- ${name} is ${value}; it must be `);
		expect(reason).toContain("I_ACCEPT_LOSING_CONFIRMED_BOOKINGS=true");
	});

	it("is refused where it cannot be looked at", async () => {
		await redis.call("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-config", "-info");
		const { status, flaws } = await look({ url: server.url.replace("redis://", "redis://app:secret@") });
		expect(status).toBe("refused");
		for (const name of [...Object.keys(SOUND), "role", "the replication id that a script reads"]) {
			expect(flaws).toContainEqual(expect.stringMatching(new RegExp(`^${name} cannot be verified \\(.*(NOPERM|can't run)`)));
		}
	});

	it("is refused when it is a replica", async () => {
		const replica = await startReplica();
		expect((await look({ url: replica.url })).flaws).toEqual(["role is slave; it must be master"]);
		// An operator may accept that Redis loses writes, not that it takes none.
		expect((await look({ url: replica.url, acceptsLoss: true })).status).toBe("refused");
	});

	it("is endured, with one loud warning, where that is accepted", async () => {
		await redis.config("SET", "appendfsync", "everysec");
		const { status, flaws, store, logged } = await look({ acceptsLoss: true });
		expect({ status, flaws }).toEqual({ status: "accepted", flaws: ["appendfsync is everysec; it must be always"] });
		expect(await writeFault(store)).toBeNull();
		await cutConnections();
		await waitUntil("the link", () =>
			store
				.ping()
				.then(() => true)
				.catch(() => false),
		);
		expect(logged.filter((line) => line.startsWith("warn: REDIS MAY LOSE CONFIRMED BOOKINGS"))).toHaveLength(1);
		expect(await findReasonNotToStart({ url: server.url, limits: DEFAULT_LIMITS, acceptsLoss: true })).toBeNull();
	});
});

describe("a Redis that changes while the store runs", () => {
	it("is refused when it comes back worse, and accepted again when it is mended, without a restart", async () => {
		const { store, logged } = await look();
		expect(await writeFault(store)).toBeNull();
		await redis.config("SET", "appendfsync", "no");
		await cutConnections();
		await waitUntil("the flaw to be seen", () => store.durability().status === "refused");
		expect(await writeFault(store)).toContain("appendfsync is no; it must be always");
		await redis.config("SET", "appendfsync", "always");
		await waitUntil("the mending to be seen", () => store.durability().status === "ok", 2_000);
		expect(await writeFault(store)).toBeNull();
		expect(logged.at(-1)).toBe("info: redis keeps what is confirmed again");
	});

	it("lets nothing through before it was looked at", async () => {
		await redis.config("SET", "appendfsync", "no");
		const { store } = open();
		const faults = await Promise.all([writeFault(store), writeFault(store), writeFault(store)]);
		for (const fault of faults) expect(fault).toContain("appendfsync");
		expect(await redis.keys("*")).toEqual([]);
	});

	it("may be away at the start: that is no reason not to start, and it is looked at when it comes", async () => {
		await server.kill();
		expect(await findReasonNotToStart({ url: server.url, limits: DEFAULT_LIMITS })).toBeNull();
		const { store } = open();
		expect(store.durability().status).toBe("unknown");
		await server.restart();
		await waitUntil("Redis to be looked at", () => store.durability().status === "ok");
	});
});

describe("a look each second", () => {
	const statOf = async (section: string, pattern: RegExp) => Number(pattern.exec(await redis.info(section))?.[1] ?? 0);
	const waitMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

	it.each(Object.entries(FLAWED))("finds %s %s on the live connection, and its mending", async (name, value) => {
		const { store } = await look();
		const id = await redis.client("ID");
		await redis.config("SET", name, value);
		await waitUntil("the flaw to be seen", () => store.durability().status === "refused", 1_500);
		expect(await writeFault(store)).toContain(`${name} is ${value}`);
		await redis.config("SET", name, SOUND[name as keyof typeof SOUND]);
		await waitUntil("the mending to be seen", () => store.durability().status === "ok", 1_500);
		expect(await redis.client("ID")).toBe(id);
	});

	it("asks what the server refuses to tell once per connection", async () => {
		await redis.call("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-config");
		const { status } = await look({ url: server.url.replace("redis://", "redis://app:secret@"), acceptsLoss: true });
		expect(status).toBe("accepted");
		const refusals = () => statOf("errorstats", /errorstat_NOPERM:count=(\d+)/);
		const before = await refusals();
		expect(before).toBe(Object.keys(SOUND).length);
		await waitMs(2_500);
		expect(await refusals()).toBe(before);
	});

	it("asks for the settings, and writes once, and runs no script", async () => {
		await look({ probesWrites: true });
		const calls = (command: string) => statOf("commandstats", new RegExp(`cmdstat_${command}:calls=(\\d+)`));
		const count = async () => Promise.all(["set", "config\\|get", "eval"].map(calls));
		await waitMs(100);
		const before = await count();
		await waitMs(3_000);
		const [sets = 0, gets = 0, evals = 0] = (await count()).map((after, place) => after - (before[place] ?? 0));
		expect(sets).toBeGreaterThanOrEqual(2);
		expect(sets).toBeLessThanOrEqual(3);
		expect(gets).toBe(sets * Object.keys(SOUND).length);
		expect(evals).toBe(0);
		expect(await redis.pttl(WRITE_PROBE_KEY)).toBeGreaterThan(8_000);
	});

	it("writes once a second at most, however many ask whether that works", async () => {
		const { store } = await look();
		const sets = () => statOf("commandstats", /cmdstat_set:calls=(\d+)/);
		const answers = await Promise.all(Array.from({ length: 1_000 }, () => store.isWritable()));
		expect([new Set(answers), await sets()]).toEqual([new Set([true]), 1]);
	});

	it("finds that writes are refused, and taken again", async () => {
		const { store } = await look({ probesWrites: true });
		await redis.config("SET", "min-replicas-to-write", "1");
		await waitUntil("the refusal to be met", async () => !(await store.isWritable()), 1_500);
		expect(store.durability().status).toBe("ok");
		await redis.config("SET", "min-replicas-to-write", "0");
		await waitUntil("a write to be taken", () => store.isWritable(), 1_500);
	});
});

describe("replicas", () => {
	it("that are there while ACK_LEVEL is not set are a flaw that names both choices; set, they are none", async () => {
		await startReplica();
		const { status, flaws } = await look();
		expect(status).toBe("refused");
		expect(flaws).toEqual([expect.stringMatching(/1 connected replica.*ACK_LEVEL=local.*ACK_LEVEL=replica/)]);
		for (const ackLevel of ["local", "replica"] as const) expect((await look({ ackLevel })).status).toBe("ok");
	});

	it("that come later, while ACK_LEVEL is not set, are only warned of", async () => {
		const { store, logged } = await look();
		await startReplica();
		await cutConnections();
		await waitUntil("the warning", () => logged.some((line) => /warn: replicas came.*ACK_LEVEL=local.*ACK_LEVEL=replica/.test(line)));
		expect(store.durability().status).toBe("ok");
		expect(await writeFault(store)).toBeNull();
	});
});
