/** The confirm lane on a real Redis with a real replica that is paused, lags and returns. */
import { SILENT_LOG } from "@holdfast/runtime";
import { openTestProxy, startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ConfirmLane, createConfirmLane } from "./confirm-lane.ts";
import { createLink, type Link } from "./link.ts";
import { WHOLE_STORE } from "./place.ts";
import { faultKindOf } from "./testing/open-test-servers.ts";

const DEADLINE_MS = 2_000;
let primary: TestRedis;
let replica: TestRedis;
let [onPrimary, onReplica]: Redis[] = [];
beforeAll(async () => {
	primary = await startTestRedis();
	replica = await startTestRedis({ replicaOf: primary });
	[onPrimary, onReplica] = [new Redis(primary.url), new Redis(replica.url)];
});
afterAll(async () => {
	onPrimary?.disconnect();
	onReplica?.disconnect();
	await replica.stop();
	await primary.stop();
});

let link: Link;
let lane: ConfirmLane;
beforeEach(async () => {
	link = createLink({ url: primary.url, log: SILENT_LOG });
	lane = createConfirmLane({ link, deadlineMs: DEADLINE_MS });
	await link.run(WHOLE_STORE, "read", DEADLINE_MS, (redis) => redis.ping());
});
afterEach(async () => {
	link.close();
	replica.resume();
	await waitUntil("the replica to be up to date", async () => (await onPrimary?.wait(1, 100)) === 1);
});

const always = () => true;
const put = (key: string, on = lane) => on.run((redis) => redis.set(key, "yes"), always);

async function waitsSent(): Promise<number> {
	return Number(/cmdstat_wait:calls=(\d+)/.exec((await onPrimary?.info("commandstats")) ?? "")?.[1] ?? 0);
}

describe("a write in the confirm lane", () => {
	it("is acknowledged when the replica has the write", async () => {
		for (let i = 0; i < 50; i += 1) {
			await put(`kept-${i}`);
			expect(await onReplica?.get(`kept-${i}`)).toBe("yes");
		}
	});

	it("is outcome_unknown while no replica has the write, and a repeat returns the actual outcome", async () => {
		replica.pause();
		const startMs = performance.now();
		expect(await faultKindOf(put("unsure"))).toBe("outcome_unknown");
		expect(performance.now() - startMs).toBeLessThan(DEADLINE_MS);
		expect(await onPrimary?.get("unsure")).toBe("yes");
		replica.resume();
		expect(await faultKindOf(put("unsure"))).toBe("done");
		expect(await onReplica?.get("unsure")).toBe("yes");
	});

	it("resolves without a replica when it wrote nothing", async () => {
		replica.pause();
		const refused = lane.run(
			async (redis) => ({ outcome: (await redis.get("nothing")) === null ? "refused" : "written" }),
			({ outcome }) => outcome === "written",
		);
		expect(await refused).toEqual({ outcome: "refused" });
	});

	it("rejects with its own error, and does not affect other writes of the round", async () => {
		await onPrimary?.set("text", "x");
		const [valid, broken] = [put("valid"), lane.run((redis) => redis.incr("text"), always)];
		await expect(broken).rejects.toThrow("not an integer");
		expect(await faultKindOf(valid)).toBe("done");
	});
});

describe("several writes in the confirm lane", () => {
	it("share a WAIT when they are sent together", async () => {
		const before = await waitsSent();
		const results = await Promise.all(Array.from({ length: 300 }, (_, i) => faultKindOf(put(`together-${i}`))));
		expect(new Set(results)).toEqual(new Set(["done"]));
		expect((await waitsSent()) - before).toBeLessThanOrEqual(3);
		expect((await onReplica?.keys("together-*"))?.length).toBe(300);
	});

	it("are limited: a write at the limit waits, and one more is refused and never sent", async () => {
		const narrow = createConfirmLane({ link, deadlineMs: DEADLINE_MS, waitingMax: 2 });
		replica.pause();
		const first = faultKindOf(put("first", narrow));
		const [second, third, fourth] = ["second", "third", "fourth"].map((key) => faultKindOf(put(key, narrow)));
		expect(await fourth).toBe("unavailable");
		replica.resume();
		expect(await Promise.all([first, second, third])).toEqual(["done", "done", "done"]);
		expect(await onPrimary?.exists("fourth")).toBe(0);
	});

	it("are never sent when their deadline passes while they wait for a round", async () => {
		const brief = createConfirmLane({ link, deadlineMs: 300 });
		replica.pause();
		const [first, second] = [put("sent", brief), put("unsent", brief)].map(faultKindOf);
		expect(await Promise.all([first, second])).toEqual(["outcome_unknown", "unavailable"]);
		replica.resume();
		expect(await faultKindOf(put("after"))).toBe("done");
		expect([await onPrimary?.exists("sent"), await onPrimary?.exists("unsent")]).toEqual([1, 0]);
	});
});

it("a waiting write whose deadline passes makes room for another write", async () => {
	const narrow = createConfirmLane({ link, deadlineMs: 300, waitingMax: 1 });
	replica.pause();
	expect(await Promise.all([put("in flight", narrow), put("timed out", narrow)].map(faultKindOf))).toEqual([
		"outcome_unknown",
		"unavailable",
	]);
	const startMs = performance.now();
	expect(await faultKindOf(put("next", narrow))).toBe("unavailable");
	expect(performance.now() - startMs).toBeGreaterThan(250);
});

describe("a confirm lane whose connection is lost", () => {
	it("acknowledges nothing when the loss is between write and WAIT, although WAIT succeeds on the next server", async () => {
		const other = await startTestRedis();
		const replicaOfOther = await startTestRedis({ replicaOf: other });
		const proxy = await openTestProxy(primary.port);
		const moving = createLink({ url: proxy.url, log: SILENT_LOG });
		const cut = createConfirmLane({ link: moving, deadlineMs: DEADLINE_MS }).run(async (redis) => {
			const answer = await redis.set("cut", "yes");
			proxy.redirect(other.port);
			await waitUntil("the second connection", () => proxy.accepted() === 2);
			return answer;
		}, always);
		expect(await faultKindOf(cut)).toBe("outcome_unknown");
		moving.close();
		proxy.close();
		// A replica that still writes its first append-only file cannot shut down cleanly.
		await replicaOfOther.kill();
		await replicaOfOther.stop();
		await other.stop();
	});

	it("fails the writes in flight at once when the loss is during the WAIT, and runs the next write", async () => {
		replica.pause();
		const id = await link.run(WHOLE_STORE, "read", DEADLINE_MS, (redis) => redis.client("ID"));
		const startMs = performance.now();
		const waiting = faultKindOf(put("waiting"));
		await waitUntil("the WAIT", async () => /cmd=wait/.test(String(await onPrimary?.client("LIST"))));
		await onPrimary?.client("KILL", "ID", id);
		expect(await waiting).toBe("outcome_unknown");
		expect(performance.now() - startMs).toBeLessThan(900);
		replica.resume();
		expect(await faultKindOf(put("next"))).toBe("done");
	});
});
