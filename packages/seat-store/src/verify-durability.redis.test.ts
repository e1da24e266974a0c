/** What a store finds out about its Redis, and how it reacts, on real servers whose configuration gets worse and better. */
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
import { findReasonNotToStart } from "./durability-settings.ts";
import { SeatStoreFault } from "./fault.ts";
import { WRITE_PROBE_KEY } from "./keys.ts";
import type { SeatStore } from "./seat-store.ts";

const SAFE = {
	appendonly: "yes",
	appendfsync: "always",
	"no-appendfsync-on-rewrite": "no",
	"maxmemory-policy": "noeviction",
};
const UNSAFE = {
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

type Opened = { store: SeatStore; logged: string[]; entries: string[] };

function open(options: Partial<SeatStoreOptions> = {}): Opened {
	const [logged, entries]: [string[], string[]] = [[], []];
	const note = (level: string) => (first: unknown, second?: unknown) => {
		logged.push(`${level}: ${second ?? first}`);
		entries.push(`${level}: ${JSON.stringify(first)} ${second}`);
	};
	const log = { info: note("info"), warn: note("warn"), error: note("error") };
	const store = createSeatStore({ url: server.url, limits: DEFAULT_LIMITS, log, ...options });
	toClose.push(store.close);
	return { store, logged, entries };
}

async function inspect(options: Partial<SeatStoreOptions> = {}) {
	const { store, logged, entries } = open(options);
	await waitUntil("Redis to be inspected", () => store.durability().status !== "unknown");
	return { ...store.durability(), store, logged, entries };
}

async function writeFault(store: SeatStore): Promise<string | null> {
	try {
		await store.writeHeartbeat(0, 1_000);
		return null;
	} catch (error) {
		if (!(error instanceof SeatStoreFault)) throw error;
		expect(error.kind).toBe("unavailable");
		return error.message;
	}
}

async function startReplica(): Promise<TestRedis> {
	const replica = await startTestRedis({ replicaOf: server });
	// A replica that still writes its first append-only file cannot shut down cleanly.
	toClose.push(() => replica.kill().then(replica.stop));
	return replica;
}

/** Closes every other connection. */
const cutConnections = () => redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");

describe("a Redis that keeps what it acknowledges", () => {
	it("is unknown before the first inspection, then ok", async () => {
		const { store, logged } = open();
		expect(store.durability()).toEqual({ status: "unknown", misconfigurations: [] });
		await store.ping();
		expect(store.durability()).toEqual({ status: "ok", misconfigurations: [] });
		expect(await writeFault(store)).toBeNull();
		expect(logged).toEqual(["info: redis connected"]);
	});
});

describe("a Redis that can lose what it acknowledged", () => {
	it.each(Object.entries(UNSAFE))("is refused for %s %s, with a sentence that names the required value", async (name, value) => {
		await redis.config("SET", name, value);
		const needed = SAFE[name as keyof typeof SAFE];
		const misconfiguration = `${name} is ${value}; it must be ${needed}`;
		const { status, misconfigurations, store, logged } = await inspect();
		expect({ status, misconfigurations }).toEqual({ status: "refused", misconfigurations: [misconfiguration] });
		expect(await writeFault(store)).toContain(misconfiguration);
		expect(await store.listBucketsWithoutHeartbeat()).toHaveLength(DEFAULT_LIMITS.buckets);
		expect(logged).toContain("error: redis misconfigured, writes refused");
	});

	it("is refused with all misconfigurations at once, and the reason not to start lists them and the override", async () => {
		for (const [name, value] of Object.entries(UNSAFE)) await redis.config("SET", name, value);
		expect((await inspect()).misconfigurations).toHaveLength(4);
		const reason = await findReasonNotToStart({ url: server.url, limits: DEFAULT_LIMITS });
		for (const [name, value] of Object.entries(UNSAFE)) expect(reason).toContain(`- ${name} is ${value}; it must be `);
		expect(reason).toContain("I_ACCEPT_LOSING_CONFIRMED_BOOKINGS=true");
	});

	it("is refused when an ACL forbids the inspection", async () => {
		await redis.call("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-config", "-info");
		const { status, misconfigurations } = await inspect({ url: server.url.replace("redis://", "redis://app:secret@") });
		expect(status).toBe("refused");
		for (const name of [...Object.keys(SAFE), "role", "the replication id that a script reads"]) {
			expect(misconfigurations).toContainEqual(expect.stringMatching(new RegExp(`^${name} cannot be verified \\(.*(NOPERM|can't run)`)));
		}
	});

	it("is refused when it is a replica, even if loss is accepted", async () => {
		const replica = await startReplica();
		expect((await inspect({ url: replica.url })).misconfigurations).toEqual(["role is slave; it must be master"]);
		// An operator can accept that Redis loses writes, but a replica does not even accept writes.
		expect((await inspect({ url: replica.url, acceptsLoss: true })).status).toBe("refused");
	});

	it("is used after a single warning when the operator accepts the loss", async () => {
		await redis.config("SET", "appendfsync", "everysec");
		const { status, misconfigurations, store, logged } = await inspect({ acceptsLoss: true });
		expect({ status, misconfigurations }).toEqual({
			status: "accepted",
			misconfigurations: ["appendfsync is everysec; it must be always"],
		});
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
	it("is refused when it reconnects misconfigured, and used again without a restart when it is repaired", async () => {
		const { store, logged } = await inspect();
		expect(await writeFault(store)).toBeNull();
		await redis.config("SET", "appendfsync", "no");
		await cutConnections();
		await waitUntil("the misconfiguration to be noticed", () => store.durability().status === "refused");
		expect(await writeFault(store)).toContain("appendfsync is no; it must be always");
		await redis.config("SET", "appendfsync", "always");
		await waitUntil("the repair to be noticed", () => store.durability().status === "ok", 2_000);
		expect(await writeFault(store)).toBeNull();
		expect(logged.at(-1)).toBe("info: redis durability restored");
	});

	it("gets no write before its first inspection", async () => {
		await redis.config("SET", "appendfsync", "no");
		const { store } = open();
		const faults = await Promise.all([writeFault(store), writeFault(store), writeFault(store)]);
		for (const fault of faults) expect(fault).toContain("appendfsync");
		expect(await redis.keys("*")).toEqual([]);
	});

	it("may be down at the start: the process starts, and inspects Redis when it is reachable", async () => {
		await server.kill();
		expect(await findReasonNotToStart({ url: server.url, limits: DEFAULT_LIMITS })).toBeNull();
		const { store } = open();
		expect(store.durability().status).toBe("unknown");
		await server.restart();
		await waitUntil("Redis to be inspected", () => store.durability().status === "ok");
	});
});

describe("the inspection each second", () => {
	const statOf = async (section: string, pattern: RegExp) => Number(pattern.exec(await redis.info(section))?.[1] ?? 0);
	const waitMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

	it.each(Object.entries(UNSAFE))("notices %s %s, and its repair, on the live connection", async (name, value) => {
		const { store } = await inspect();
		const id = await redis.client("ID");
		await redis.config("SET", name, value);
		await waitUntil("the misconfiguration to be noticed", () => store.durability().status === "refused", 1_500);
		expect(await writeFault(store)).toContain(`${name} is ${value}`);
		await redis.config("SET", name, SAFE[name as keyof typeof SAFE]);
		await waitUntil("the repair to be noticed", () => store.durability().status === "ok", 1_500);
		expect(await redis.client("ID")).toBe(id);
	});

	it("asks only once per connection what an ACL forbids", async () => {
		await redis.call("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-config");
		const { status } = await inspect({ url: server.url.replace("redis://", "redis://app:secret@"), acceptsLoss: true });
		expect(status).toBe("accepted");
		const refusals = () => statOf("errorstats", /errorstat_NOPERM:count=(\d+)/);
		const before = await refusals();
		expect(before).toBe(Object.keys(SAFE).length);
		await waitMs(2_500);
		expect(await refusals()).toBe(before);
	});

	it("reads the settings, writes once, and runs no script", async () => {
		await inspect({ probesWrites: true });
		const calls = (command: string) => statOf("commandstats", new RegExp(`cmdstat_${command}:calls=(\\d+)`));
		const count = async () => Promise.all(["set", "config\\|get", "eval"].map(calls));
		await waitMs(100);
		const before = await count();
		await waitMs(3_000);
		const [sets = 0, gets = 0, evals = 0] = (await count()).map((after, place) => after - (before[place] ?? 0));
		expect(sets).toBeGreaterThanOrEqual(2);
		expect(sets).toBeLessThanOrEqual(3);
		expect(gets).toBe(sets * Object.keys(SAFE).length);
		expect(evals).toBe(0);
		expect(await redis.pttl(WRITE_PROBE_KEY)).toBeGreaterThan(8_000);
	});

	it("writes at most once a second, however many callers of isWritable there are", async () => {
		const { store } = await inspect();
		const sets = () => statOf("commandstats", /cmdstat_set:calls=(\d+)/);
		const answers = await Promise.all(Array.from({ length: 1_000 }, () => store.isWritable()));
		expect([new Set(answers), await sets()]).toEqual([new Set([true]), 1]);
	});

	it("notices that Redis refuses writes, and that it accepts them again", async () => {
		const { store } = await inspect({ probesWrites: true });
		await redis.config("SET", "min-replicas-to-write", "1");
		await waitUntil("a refused write", async () => !(await store.isWritable()), 1_500);
		expect(store.durability().status).toBe("ok");
		await redis.config("SET", "min-replicas-to-write", "0");
		await waitUntil("an accepted write", () => store.isWritable(), 1_500);
	});
});

describe("a Redis with replicas", () => {
	it("is refused while ACK_LEVEL is not set, with a sentence that names both choices, and ok once it is set", async () => {
		await startReplica();
		const { status, misconfigurations } = await inspect();
		expect(status).toBe("refused");
		expect(misconfigurations).toEqual([expect.stringMatching(/1 connected replica.*ACK_LEVEL=local.*ACK_LEVEL=replica/)]);
		for (const ackLevel of ["local", "replica"] as const) expect((await inspect({ ackLevel })).status).toBe("ok");
	});

	it("only logs a warning when a replica connects later while ACK_LEVEL is not set", async () => {
		const { store, entries } = await inspect();
		await startReplica();
		await cutConnections();
		await waitUntil("the warning", () =>
			entries.some((entry) => /^warn: .*ACK_LEVEL=local.*ACK_LEVEL=replica.* redis replica connected/.test(entry)),
		);
		expect(store.durability().status).toBe("ok");
		expect(await writeFault(store)).toBeNull();
	});
});
