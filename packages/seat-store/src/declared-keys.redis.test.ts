/**
 * Every script touches the keys that it declared and no others, in one Cluster slot, and asks for the time at most once: seen
 * with MONITOR on a one-node cluster. A plain Redis would let an undeclared key pass in silence.
 */
import { bucketOf, newBookingId, newUserId, type RecordedBooking } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { expect, it } from "vitest";
import type { Script } from "./define-script.ts";
import { bucketKeys, showtimeKeys } from "./keys.ts";
import { held, hold } from "./testing/buy-seats.ts";
import { ALL_SCRIPTS } from "./testing/inject-clock.ts";
import { installSnapshot } from "./testing/install-snapshot.ts";
import { openTestStore, type TestStore } from "./testing/open-test-store.ts";

type Run = { script: Script | undefined; declared: string[]; touched: Set<string>; times: number };

/** The keys among a command's arguments; every command that our scripts use names one key first, or only keys, or none. */
function keysOf([command = "", ...args]: string[]): string[] {
	const name = command.toUpperCase();
	if (name === "TIME" || name === "INFO") return [];
	return name === "DEL" || name === "RENAME" ? args : args.slice(0, 1);
}

/** Listen until the returned function is called; it gives every run of a script since. */
async function monitorScripts({ redis, store }: TestStore): Promise<() => Promise<Run[]>> {
	// Every other connection is through its greeting first: the client takes a line seen before its own OK for a fault.
	await Promise.all([redis.ping(), store.ping()]);
	const monitor = await redis.monitor();
	const runs: Run[] = [];
	let hasEnded = () => {};
	const ended = new Promise<void>((resolve) => {
		hasEnded = resolve;
	});
	monitor.on("monitor", (_time: string, args: string[], source: string) => {
		const [command = "", script = "", count = "0", ...rest] = args;
		if (/^eval(sha)?$/i.test(command)) {
			// A script without keys asks the server for something, and is held to touch none.
			const known = ALL_SCRIPTS.find(({ sha }) => sha === script);
			runs.push({ script: known, declared: rest.slice(0, Number(count)), touched: new Set(), times: 0 });
		} else if (source === "lua") {
			const run = runs.at(-1);
			if (command.toUpperCase() === "TIME" && run) run.times += 1;
			for (const key of keysOf(args)) run?.touched.add(key);
		} else if (command === "echo") hasEnded();
	});
	return async () => {
		await redis.echo("end");
		await ended;
		monitor.disconnect();
		return runs;
	};
}

/** Every command of the store, so that every script runs through its writes. */
async function useEveryCommand(test: TestStore): Promise<void> {
	const { store, redis } = test;
	const showtime = await test.openShowtime();
	const bucket = bucketOf(showtime.id);
	const userId = newUserId();
	const first = await held(store, showtime, [1, 2], { userId, idempotencyKey: "key" });
	await hold(store, showtime, [1, 2], { userId, idempotencyKey: "key" });
	await store.extendHold(first);
	await store.confirmBooking(first);
	const entries = await store.readBatch(bucket, { afterEntryId: null, limit: 10 });
	await store.ackBatch(
		bucket,
		entries.map(({ entryId }) => ({ entryId, booking: { id: first.bookingId, version: 3 } })),
	);
	await store.cancelBooking(first);
	await store.cancelBooking(await held(store, showtime, [3]));
	await store.setTerms({ showtimeId: showtime.id, change: { what: "prices", prices: { standard: 1 }, currency: "EUR" } });
	await store.blockSeats({ showtimeId: showtime.id, seats: [5], isBlocked: true });
	const { startsAt, endsAt } = showtime;
	await store.reschedule({ showtimeId: showtime.id, scheduleVersion: 2, startsAt, endsAt: endsAt + 1 });
	const repriced = { ...showtime, priceVersion: 2 };
	const expiring = await held(test.withLimits({ holdTtlMs: 1 }), repriced, [4]);
	await waitUntil("the hold to expire", async () => (await store.now()) >= expiring.booking.expiresAt);
	await store.readSeatMap(showtime.id);
	await store.loadBooking(expiring.booking);

	const lost = await held(store, repriced, [8]);
	await store.confirmBooking(lost);
	const owners = [{ seat: 8, bookingId: newBookingId(showtime.id), userId: newUserId() }];
	await store.resolveConflict({ ...lost, version: 3, seats: [8], owners });

	const [held1, sold, stale] = [await held(store, repriced, [10]), await held(store, repriced, [11]), await held(store, repriced, [12])];
	await store.confirmBooking(sold);
	await redis.del(bucketKeys(bucketOf(showtime.id)).outbox);
	const taken: RecordedBooking = { bookingId: newBookingId(showtime.id), userId: newUserId(), state: "CONFIRMED", version: 2, seats: [10] };
	const cancelled: RecordedBooking = { bookingId: stale.bookingId, userId: stale.userId, state: "CANCELLED", version: 3, seats: [] };
	const installed = await installSnapshot(store, { showtime, epoch: 2, bookings: [taken, cancelled], isQuarantined: true });
	expect(installed).toEqual({ outcome: "installed", reemitted: 1 });
	expect((await store.confirmBooking(held1)).outcome).toBe("hold_expired");
	await store.openQuarantined(showtime.id);
	await store.claimShowtime(showtime.id, { token: "given back", ledgerEpoch: 3 });
	await store.giveBackClaim(showtime.id, "given back");
	expect(await redis.exists(showtimeKeys(showtime.id).stagedMap)).toBe(0);
}

it("touches the keys it declared and no others, all of one slot, and reads the time at most once", async () => {
	const test = await openTestStore({ cluster: true });
	// Each is known by its hash, and none is sent as text.
	for (const { source } of ALL_SCRIPTS) await test.redis.script("LOAD", source);
	const stopMonitor = await monitorScripts(test);
	await useEveryCommand(test);
	const runs = await stopMonitor();
	await test.stop();

	for (const { script, declared, touched, times } of runs) {
		expect(
			[...touched].filter((key) => !declared.includes(key)),
			`${script?.name} touches undeclared`,
		).toEqual([]);
		expect(new Set([...declared].map((key) => /\{(.*?)\}/.exec(key)?.[1])).size).toBeLessThanOrEqual(1);
		expect(times, `${script?.name} asks for the time`).toBeLessThanOrEqual(1);
	}
	for (const script of ALL_SCRIPTS) {
		const mine = runs.filter((run) => run.script === script);
		const never = script.keyNames.filter((_, i) => !mine.some(({ declared, touched }) => touched.has(declared[i] ?? "")));
		expect(never, `keys that ${script.name} declares and never touches`).toEqual([]);
	}
});
