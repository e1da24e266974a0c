/** The link on a real Redis that is killed, is paused, falls silent, and returns. */
import { SILENT_LOG } from "@holdfast/runtime";
import { waitUntil } from "@holdfast/testing";
import { describe, expect, it } from "vitest";
import type { Effect } from "./fault.ts";
import { createLink, type Link, type LinkOptions } from "./link.ts";
import { atBucket, atKey, WHOLE_STORE } from "./place.ts";
import { faultKindOf, openTestServers } from "./testing/open-test-servers.ts";

const DEADLINE_MS = 2_000;
/** Time within which the loss of Redis is noticed, and its return. */
const NOTICED_WITHIN_MS = 2_000;
const { closeLater, start, openClient, openProxy } = openTestServers();

function open(url: string, options: Partial<LinkOptions> = {}): Link {
	return closeLater(createLink({ url, log: SILENT_LOG, ...options }));
}

const get = (link: Link, key = "key", deadlineMs = DEADLINE_MS) => link.run(atKey(key), "read", deadlineMs, (redis) => redis.get(key));
const append = (link: Link, value: string | number) => link.run(atKey("list"), "write", DEADLINE_MS, (redis) => redis.rpush("list", value));
const answers = (link: Link): Promise<boolean> =>
	get(link).then(
		() => true,
		() => false,
	);

async function timed<T>(call: Promise<T>): Promise<{ value: T; ms: number }> {
	const startMs = performance.now();
	const value = await call;
	return { value, ms: performance.now() - startMs };
}

describe("a link to a Redis that is down", () => {
	it("rejects a call as unavailable after a second, and connects within 2 s of the start of Redis", async () => {
		const server = await start();
		await server.kill();
		const link = open(server.url);
		const { value, ms } = await timed(faultKindOf(append(link, "lost")));
		expect(value).toBe("unavailable");
		expect(ms).toBeLessThan(1_500);
		await server.restart();
		expect((await timed(waitUntil("the link to answer", () => answers(link)))).ms).toBeLessThan(NOTICED_WITHIN_MS);
		expect(await openClient(server).lrange("list", 0, -1)).toEqual([]);
	});

	it("answers a call that was made before the connection was open", async () => {
		const server = await start();
		const link = open(server.url);
		expect(await append(link, "first")).toBe(1);
	});

	it("rejects waiting and new calls at once when it is closed", async () => {
		const server = await start();
		await server.kill();
		const link = open(server.url);
		const waiting = timed(faultKindOf(get(link)));
		link.close();
		expect((await waiting).value).toBe("unavailable");
		expect((await waiting).ms).toBeLessThan(500);
		expect(await faultKindOf(get(link))).toBe("unavailable");
	});
});

describe("a link to a Redis that is killed under load", () => {
	it("writes everything it acknowledged, nothing it rejected as unavailable, and nothing twice", async () => {
		const server = await start();
		const link = open(server.url);
		const results = new Map<number, string>();
		let next = 0;
		let isOver = false;
		closeLater({
			close: () => {
				isOver = true;
			},
		});
		const writer = async (): Promise<void> => {
			while (!isOver) {
				const id = next++;
				results.set(id, await faultKindOf(append(link, id)));
			}
		};
		const writers = Array.from({ length: 50 }, writer);
		const count = (result: string) => [...results.values()].filter((each) => each === result).length;
		for (let kill = 1; kill <= 3; kill += 1) {
			const before = count("done");
			await waitUntil("writes", () => count("done") > before + 500);
			await server.kill();
			expect(
				(await timed(waitUntil("the loss of Redis to be noticed", () => count("outcome_unknown") + count("unavailable") > 0))).ms,
			).toBeLessThan(NOTICED_WITHIN_MS);
			await server.restart();
			const back = count("done");
			expect((await timed(waitUntil("the return of Redis to be noticed", () => count("done") > back))).ms).toBeLessThan(NOTICED_WITHIN_MS);
		}
		isOver = true;
		await Promise.all(writers);

		const stored = (await openClient(server).lrange("list", 0, -1)).map(Number);
		expect(new Set(stored).size).toBe(stored.length);
		const kept = new Set(stored);
		for (const [id, result] of results) {
			if (result === "done") expect(kept.has(id)).toBe(true);
			if (result === "unavailable") expect(kept.has(id)).toBe(false);
		}
		expect(count("outcome_unknown")).toBeGreaterThan(0);
	});

	it("rejects calls in flight at once", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		server.pause();
		const results = Promise.all([faultKindOf(append(link, 1)), faultKindOf(get(link))]);
		await server.kill();
		const { value, ms } = await timed(results);
		expect(value).toEqual(["outcome_unknown", "unavailable"]);
		expect(ms).toBeLessThan(1_000);
	});
});

describe("a link to a Redis that is paused", () => {
	it("rejects calls after 2 s, and answers on the same connection when Redis resumes after 3 s", async () => {
		const server = await start();
		const link = open(server.url);
		const clientId = await link.run(WHOLE_STORE, "read", DEADLINE_MS, (redis) => redis.client("ID"));
		server.pause();
		const pausedMs = performance.now();
		const [write, read] = await Promise.all([timed(faultKindOf(append(link, 1))), timed(faultKindOf(get(link)))]);
		expect([write.value, read.value]).toEqual(["outcome_unknown", "unavailable"]);
		for (const { ms } of [write, read]) {
			expect(ms).toBeGreaterThan(DEADLINE_MS - 50);
			expect(ms).toBeLessThan(DEADLINE_MS + 500);
		}
		await waitUntil("3 s to be over", () => performance.now() - pausedMs > 3_000);
		server.resume();
		expect((await timed(waitUntil("the link to answer", () => answers(link)))).ms).toBeLessThan(NOTICED_WITHIN_MS);
		expect(await link.run(WHOLE_STORE, "read", DEADLINE_MS, (redis) => redis.client("ID"))).toBe(clientId);
	});

	it("never sends a write that it rejected as unavailable", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		server.pause();
		const results = await Promise.all(Array.from({ length: 3_000 }, (_, id) => faultKindOf(append(link, id))));
		server.resume();
		await waitUntil("the link to answer", () => answers(link));
		const stored = (await openClient(server).lrange("list", 0, -1)).map(Number);
		const unknown = results.flatMap((result, id) => (result === "outcome_unknown" ? id : []));
		expect(results.filter((result) => result === "unavailable")).toHaveLength(2_000);
		expect(stored).toEqual(unknown);
	});

	it("sends no further command of a call that has timed out", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		server.pause();
		const late = link.run(WHOLE_STORE, "write", 200, async (redis) => {
			await redis.get("key");
			await redis.set("late", "yes");
		});
		expect(await faultKindOf(late)).toBe("outcome_unknown");
		server.resume();
		await waitUntil("the link to answer", () => answers(link));
		expect(await get(link, "late")).toBeNull();
	});

	it("does not send the rest of a large command that could not be sent before the deadline", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		server.pause();
		const large = link.run(WHOLE_STORE, "write", DEADLINE_MS, (redis) => redis.set("large", Buffer.alloc(64 * 1024 * 1024)));
		expect(await faultKindOf(large)).toBe("outcome_unknown");
		server.resume();
		await waitUntil("the link to answer", () => answers(link));
		const observer = openClient(server);
		await waitUntil("the broken connection to be closed", async () => /connected_clients:2\r/.test(await observer.info("clients")));
		expect(await observer.exists("large")).toBe(0);
	});
});

describe("a connection that falls silent", () => {
	it("is dropped after 4 s, and the next connection works", async () => {
		const server = await start();
		const proxy = await openProxy(server.port);
		const link = open(proxy.url);
		await get(link);
		proxy.mute();
		proxy.heal();
		const startMs = performance.now();
		expect(await faultKindOf(append(link, 1))).toBe("outcome_unknown");
		await waitUntil("a new connection", () => proxy.accepted() === 2);
		expect(performance.now() - startMs).toBeGreaterThan(3_900);
		expect(performance.now() - startMs).toBeLessThan(5_500);
		expect(await faultKindOf(get(link))).toBe("done");
	});

	it("is also dropped during the handshake", async () => {
		const server = await start();
		const proxy = await openProxy(server.port);
		proxy.mute();
		const link = open(proxy.url);
		expect(await faultKindOf(get(link))).toBe("unavailable");
		proxy.heal();
		await waitUntil("a new connection", () => answers(link), 4_000);
	});

	it("is kept when it was idle, because only unanswered commands count as silence", async () => {
		const server = await start();
		const proxy = await openProxy(server.port);
		const link = open(proxy.url, { silenceMaxMs: 400 });
		await get(link);
		const startMs = performance.now();
		await waitUntil("a pause longer than the limit", () => performance.now() - startMs > 500);
		expect(await faultKindOf(link.run(WHOLE_STORE, "read", 20, () => new Promise(() => {})))).toBe("unavailable");
		server.pause();
		expect(await faultKindOf(get(link, "key", 20))).toBe("unavailable");
		server.resume();
		expect(await faultKindOf(get(link))).toBe("done");
		expect(proxy.accepted()).toBe(1);
	});
});

describe("a redirect from a cluster", () => {
	it.each(["MOVED 866 127.0.0.1:1", "ASK 866 127.0.0.1:1", "TRYAGAIN Multiple keys request during rehashing of slot"])(
		"is not followed: reads and writes are unavailable, and the connection is kept: %s",
		async (reply) => {
			const server = await start();
			const proxy = await openProxy(server.port);
			const link = open(proxy.url);
			const redirected = (effect: Effect) =>
				link.run(atBucket(0), effect, DEADLINE_MS, (redis) => redis.eval(`return redis.error_reply("${reply}")`, 0));
			expect([await faultKindOf(redirected("read")), await faultKindOf(redirected("write"))]).toEqual(["unavailable", "unavailable"]);
			expect(await faultKindOf(append(link, 1))).toBe("done");
			expect(proxy.accepted()).toBe(1);
		},
	);
});

describe("the limit of commands in flight", () => {
	it("allows a call at the limit, and refuses further calls at once until a command is answered", async () => {
		const server = await start();
		const link = open(server.url, { commandsInFlightMax: 3 });
		await get(link);
		server.pause();
		const calls = [1, 2, 3].map((id) => faultKindOf(append(link, id)));
		const refused = await timed(faultKindOf(append(link, 4)));
		expect(refused.value).toBe("unavailable");
		expect(refused.ms).toBeLessThan(100);
		expect(await Promise.all(calls)).toEqual(["outcome_unknown", "outcome_unknown", "outcome_unknown"]);
		// The calls have timed out, but their commands are still in flight.
		expect((await timed(faultKindOf(append(link, 5)))).ms).toBeLessThan(100);
		server.resume();
		await waitUntil("the link to answer", () => answers(link));
		expect(await openClient(server).lrange("list", 0, -1)).toEqual(["1", "2", "3"]);
	});

	it("counts calls that wait for a connection as well", async () => {
		const server = await start();
		await server.kill();
		const link = open(server.url, { commandsInFlightMax: 2 });
		const waiting = [timed(faultKindOf(get(link))), timed(faultKindOf(get(link)))];
		expect((await timed(faultKindOf(get(link)))).ms).toBeLessThan(100);
		for (const { ms } of await Promise.all(waiting)) expect(ms).toBeGreaterThan(900);
	});
});

describe("a process that is short of CPU", () => {
	it("accepts a reply that arrived in time, although its timers run before it reads the socket", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		const call = get(link, "key", 30);
		await new Promise((resolve) => setImmediate(resolve));
		const untilMs = performance.now() + 100;
		while (performance.now() < untilMs);
		expect(await faultKindOf(call)).toBe("done");
	});
});

it("the link logs only the first failure of an outage, and the new connection", async () => {
	const server = await start();
	const logged: string[] = [];
	const note = (_fields: unknown, message?: string) => void logged.push(message ?? "");
	const link = open(server.url, { log: { info: note, warn: note, error: note } });
	await get(link);
	await server.kill();
	// A second of attempts to connect.
	await waitUntil("a call to time out while waiting", async () => (await timed(faultKindOf(get(link)))).ms > 900);
	await server.restart();
	await waitUntil("the link to answer", () => answers(link));
	expect(logged).toEqual(["redis connected", "redis disconnected", "redis connected"]);
});

it("the link calls prepare with every new client before the client is used", async () => {
	const server = await start();
	const seen: unknown[] = [];
	const link = open(server.url, { prepare: (redis) => void seen.push(redis) });
	await get(link);
	await server.kill();
	await server.restart();
	await waitUntil("the link to answer", () => answers(link));
	expect(seen.length).toBeGreaterThan(1);
	expect(new Set(seen).size).toBe(seen.length);
});
