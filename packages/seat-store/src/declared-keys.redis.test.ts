/**
 * Every script touches only keys that it declared, in one Cluster slot: seen with MONITOR on a one-node cluster. A plain
 * Redis would let an undeclared key pass in silence.
 */
import { readdirSync } from "node:fs";
import { bucketOf, newUserId } from "@holdfast/domain";
import { expect, it } from "vitest";
import { held, hold, openTestStore, reach } from "./open-test-store.ts";

type Run = { declared: Set<string>; touched: Set<string> };

/** The keys among a command's arguments; every command that our scripts use names one key first, or only keys, or none. */
function keysOf([command = "", ...args]: string[]): string[] {
	const name = command.toUpperCase();
	if (name === "TIME" || name === "INFO") return [];
	return name === "DEL" ? args : args.slice(0, 1);
}

it("touches declared keys only, all of one slot, on a cluster", async () => {
	const test = await openTestStore({ cluster: true });
	// Every other connection is through its greeting first: the client takes a line seen before its own OK for a fault.
	await Promise.all([test.redis.ping(), test.store.ping()]);
	const monitor = await test.redis.monitor();
	const runs: Run[] = [];
	const shas = new Set<string>();
	monitor.on("monitor", (_time: string, args: string[], source: string) => {
		if (/^eval(sha)?$/i.test(args[0] ?? "")) {
			const count = Number(args[2]);
			shas.add(args[1] ?? "");
			// A script without keys asks the server for something, and is held to touch none.
			runs.push({ declared: new Set(args.slice(3, 3 + count)), touched: new Set() });
		} else if (source === "lua") {
			for (const key of keysOf(args)) runs.at(-1)?.touched.add(key);
		}
	});

	const showtime = await test.openShowtime();
	const userId = newUserId();
	const first = await held(test.store, showtime, [1, 2], { userId, idempotencyKey: "key" });
	await hold(test.store, showtime, [1, 2], { userId, idempotencyKey: "key" });
	await test.store.confirmBooking(first);
	const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
	await test.store.ackBatch(
		bucketOf(showtime.id),
		entries.map(({ entryId }) => ({ entryId, booking: { id: first.bookingId, version: 2 } })),
	);
	await test.store.cancelBooking(first);
	await test.store.cancelBooking(await held(test.store, showtime, [3]));
	const lapsing = await held(test.withLimits({ holdTtlMs: 5 }), showtime, [4]);
	await reach(test.redis, lapsing.booking.expiresAt);
	await test.store.readSeatMap(showtime.id);
	await test.store.loadBooking(first.booking);
	await test.redis.ping();

	for (const { declared, touched } of runs) {
		expect([...touched].filter((key) => !declared.has(key))).toEqual([]);
		expect(new Set([...declared].map((key) => /\{(.*?)\}/.exec(key)?.[1])).size).toBe(Math.min(1, declared.size));
	}
	const scripts = readdirSync(new URL("./scripts/", import.meta.url)).filter((file) => file.endsWith(".lua"));
	expect(runs.some(({ touched }) => touched.size > 5)).toBe(true);
	expect([...shas].filter((sha) => sha.length === 40)).toHaveLength(scripts.length);
	monitor.disconnect();
	await test.stop();
});
