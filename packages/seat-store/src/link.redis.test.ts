/** The link to a real Redis that dies, stands still, falls silent and comes back. */
import { SILENT_LOG } from "@holdfast/runtime";
import { waitUntil } from "@holdfast/testing";
import { describe, expect, it } from "vitest";
import type { Effect } from "./fault.ts";
import { createLink, type Link, type LinkOptions } from "./link.ts";
import { atBucket, atKey, WHOLE_STORE } from "./place.ts";
import { faultKindOf, openTestServers } from "./testing/open-test-servers.ts";

const DEADLINE_MS = 2_000;
/** Within this a dead Redis is noticed, and so is its return. */
const NOTICE_MS = 2_000;
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

describe("a link to a Redis that is not there", () => {
	it("lets a call wait a second, tells it that nothing was done, and is there within 2 s of Redis", async () => {
		const server = await start();
		await server.kill();
		const link = open(server.url);
		const { value, ms } = await timed(faultKindOf(append(link, "lost")));
		expect(value).toBe("unavailable");
		expect(ms).toBeLessThan(1_500);
		await server.restart();
		expect((await timed(waitUntil("the link", () => answers(link)))).ms).toBeLessThan(NOTICE_MS);
		expect(await openClient(server).lrange("list", 0, -1)).toEqual([]);
	});

	it("answers a call that was given before Redis was there", async () => {
		const server = await start();
		const link = open(server.url);
		expect(await append(link, "first")).toBe(1);
	});

	it("gives a closed link's calls up at once", async () => {
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

describe("Redis, killed under load and started again", () => {
	it("has everything that was answered, nothing that was refused, and nothing twice", async () => {
		const server = await start();
		const link = open(server.url);
		const fates = new Map<number, string>();
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
				fates.set(id, await faultKindOf(append(link, id)));
			}
		};
		const writers = Array.from({ length: 50 }, writer);
		const count = (fate: string) => [...fates.values()].filter((each) => each === fate).length;
		for (let kill = 1; kill <= 3; kill += 1) {
			const before = count("done");
			await waitUntil("writes", () => count("done") > before + 500);
			await server.kill();
			expect(
				(await timed(waitUntil("its death to be noticed", () => count("outcome_unknown") + count("unavailable") > 0))).ms,
			).toBeLessThan(NOTICE_MS);
			await server.restart();
			const back = count("done");
			expect((await timed(waitUntil("its return to be noticed", () => count("done") > back))).ms).toBeLessThan(NOTICE_MS);
		}
		isOver = true;
		await Promise.all(writers);

		const stored = (await openClient(server).lrange("list", 0, -1)).map(Number);
		expect(new Set(stored).size).toBe(stored.length);
		const kept = new Set(stored);
		for (const [id, fate] of fates) {
			if (fate === "done") expect(kept.has(id)).toBe(true);
			if (fate === "unavailable") expect(kept.has(id)).toBe(false);
		}
		expect(count("outcome_unknown")).toBeGreaterThan(0);
	});

	it("tells those in flight at once", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		server.pause();
		const fates = Promise.all([faultKindOf(append(link, 1)), faultKindOf(get(link))]);
		await server.kill();
		const { value, ms } = await timed(fates);
		expect(value).toEqual(["outcome_unknown", "unavailable"]);
		expect(ms).toBeLessThan(1_000);
	});
});

describe("Redis, standing still for 3 s", () => {
	it("lets a call wait 2 s, and answers on the same connection when it goes on", async () => {
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
		expect((await timed(waitUntil("the link", () => answers(link)))).ms).toBeLessThan(NOTICE_MS);
		expect(await link.run(WHOLE_STORE, "read", DEADLINE_MS, (redis) => redis.client("ID"))).toBe(clientId);
	});

	it("is sent nothing that its caller was told had not been done", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		server.pause();
		const fates = await Promise.all(Array.from({ length: 3_000 }, (_, id) => faultKindOf(append(link, id))));
		server.resume();
		await waitUntil("the link", () => answers(link));
		const stored = (await openClient(server).lrange("list", 0, -1)).map(Number);
		const unknown = fates.flatMap((fate, id) => (fate === "outcome_unknown" ? id : []));
		expect(fates.filter((fate) => fate === "unavailable")).toHaveLength(2_000);
		expect(stored).toEqual(unknown);
	});

	it("is sent no further command of a call that has been given up", async () => {
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
		await waitUntil("the link", () => answers(link));
		expect(await get(link, "late")).toBeNull();
	});

	it("is sent no rest of a command that was too large to leave in time", async () => {
		const server = await start();
		const link = open(server.url);
		await get(link);
		server.pause();
		const large = link.run(WHOLE_STORE, "write", DEADLINE_MS, (redis) => redis.set("large", Buffer.alloc(64 * 1024 * 1024)));
		expect(await faultKindOf(large)).toBe("outcome_unknown");
		server.resume();
		await waitUntil("the link", () => answers(link));
		const observer = openClient(server);
		await waitUntil("the broken connection to be gone", async () => /connected_clients:2\r/.test(await observer.info("clients")));
		expect(await observer.exists("large")).toBe(0);
	});
});

describe("a connection that falls silent", () => {
	it("is given up after 4 s, and the next one works", async () => {
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

	it("is given up while it is greeted, too", async () => {
		const server = await start();
		const proxy = await openProxy(server.port);
		proxy.mute();
		const link = open(proxy.url);
		expect(await faultKindOf(get(link))).toBe("unavailable");
		proxy.heal();
		await waitUntil("a new connection", () => answers(link), 4_000);
	});

	it("is not one on which nothing was asked", async () => {
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

describe("a redirect of a cluster", () => {
	it.each(["MOVED 866 127.0.0.1:1", "ASK 866 127.0.0.1:1", "TRYAGAIN Multiple keys request during rehashing of slot"])(
		"is not followed, and says that nothing was run: unavailable to a read and to a write, on a connection that is kept: %s",
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

describe("commands in flight", () => {
	it("are bounded: at the bound one is sent, past it a call is refused at once, until one was answered", async () => {
		const server = await start();
		const link = open(server.url, { commandsInFlightMax: 3 });
		await get(link);
		server.pause();
		const calls = [1, 2, 3].map((id) => faultKindOf(append(link, id)));
		const refused = await timed(faultKindOf(append(link, 4)));
		expect(refused.value).toBe("unavailable");
		expect(refused.ms).toBeLessThan(100);
		expect(await Promise.all(calls)).toEqual(["outcome_unknown", "outcome_unknown", "outcome_unknown"]);
		// Their callers have gone; the commands have not.
		expect((await timed(faultKindOf(append(link, 5)))).ms).toBeLessThan(100);
		server.resume();
		await waitUntil("the link", () => answers(link));
		expect(await openClient(server).lrange("list", 0, -1)).toEqual(["1", "2", "3"]);
	});

	it("count while they wait for a link, too", async () => {
		const server = await start();
		await server.kill();
		const link = open(server.url, { commandsInFlightMax: 2 });
		const waiting = [timed(faultKindOf(get(link))), timed(faultKindOf(get(link)))];
		expect((await timed(faultKindOf(get(link)))).ms).toBeLessThan(100);
		for (const { ms } of await Promise.all(waiting)) expect(ms).toBeGreaterThan(900);
	});
});

describe("a process short of CPU", () => {
	it("takes an answer that came in time, though its timers run before it reads", async () => {
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

it("logs the first failure of an outage and no other, and that the connection is back", async () => {
	const server = await start();
	const logged: string[] = [];
	const note = (_fields: unknown, message?: string) => void logged.push(message ?? "");
	const link = open(server.url, { log: { info: note, warn: note, error: note } });
	await get(link);
	await server.kill();
	// A second of attempts to connect.
	await waitUntil("a call to be given up", async () => (await timed(faultKindOf(get(link)))).ms > 900);
	await server.restart();
	await waitUntil("the link", () => answers(link));
	expect(logged).toEqual(["redis connected", "redis disconnected; connecting again", "redis connected"]);
});

it("shows every new client to prepare before it is used", async () => {
	const server = await start();
	const seen: unknown[] = [];
	const link = open(server.url, { prepare: (redis) => void seen.push(redis) });
	await get(link);
	await server.kill();
	await server.restart();
	await waitUntil("the link", () => answers(link));
	expect(seen.length).toBeGreaterThan(1);
	expect(new Set(seen).size).toBe(seen.length);
});
