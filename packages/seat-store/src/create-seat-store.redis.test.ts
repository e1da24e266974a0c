/** Which connection each command uses: depending on ACK_LEVEL, and while another call blocks. */
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { buildShowtime, openTestProxy, startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
import { SeatStoreFault } from "./fault.ts";
import type { SeatStore } from "./seat-store.ts";
import { holdSeats } from "./testing/buy-seats.ts";
import { installSnapshot } from "./testing/install-snapshot.ts";

let primary: TestRedis;
let replica: TestRedis;
beforeAll(async () => {
	primary = await startTestRedis();
	replica = await startTestRedis({ replicaOf: primary });
});
afterAll(async () => {
	await replica.kill();
	await replica.stop();
	await primary.stop();
});

const stores: SeatStore[] = [];
afterEach(async () => {
	replica.resume();
	for (const store of stores.splice(0)) await store.close();
});

function open(options: Partial<SeatStoreOptions>): SeatStore {
	const store = createSeatStore({ url: primary.url, limits: DEFAULT_LIMITS, ackLevel: "local", ...options });
	stores.push(store);
	return store;
}

const isUnknown = (error: unknown): boolean => error instanceof SeatStoreFault && error.kind === "outcome_unknown";

describe("a store with ACK_LEVEL=replica", () => {
	it("acknowledges no confirm and no cancel while no replica has them, and repeats return the actual outcome", async () => {
		const store = open({ ackLevel: "replica" });
		const showtime = buildShowtime();
		await installSnapshot(store, { showtime });
		const booking = await holdSeats(store, showtime, [1]);
		replica.pause();
		expect(await store.confirmBooking(booking).catch(isUnknown)).toBe(true);
		expect((await store.readBooking(booking.bookingId))?.state).toBe("CONFIRMED");
		// A refusal writes nothing, so it does not wait for a replica.
		expect((await store.confirmBooking({ ...booking, ifVersion: 7 })).outcome).toBe("version_mismatch");
		replica.resume();
		expect((await store.confirmBooking(booking)).outcome).toBe("confirmed");
		replica.pause();
		expect(await store.cancelBooking(booking).catch(isUnknown)).toBe(true);
		replica.resume();
		expect((await store.cancelBooking(booking)).outcome).toBe("cancelled");
	});

	it("places a hold without waiting for a replica", async () => {
		const store = open({ ackLevel: "replica" });
		const showtime = buildShowtime();
		await installSnapshot(store, { showtime });
		replica.pause();
		await holdSeats(store, showtime, [1]);
	});
});

it("a store with ACK_LEVEL=local acknowledges a confirm without a replica", async () => {
	const store = open({ ackLevel: "local" });
	const showtime = buildShowtime();
	await installSnapshot(store, { showtime });
	replica.pause();
	expect((await store.confirmBooking(await holdSeats(store, showtime, [1]))).outcome).toBe("confirmed");
});

describe("waitForEntries", () => {
	it("does not delay other calls while it blocks", async () => {
		const empty = await startTestRedis();
		const store = open({ url: empty.url });
		let isOver = false;
		const waiting = store.waitForEntries({ timeoutMs: 1_000 }).finally(() => {
			isOver = true;
		});
		for (let i = 0; i < 20; i += 1) await store.ping();
		expect(isOver).toBe(false);
		expect(await waiting).toEqual([]);
		await empty.stop();
	});

	it("fails by its deadline on a silent connection, and works on the next connection", async () => {
		const empty = await startTestRedis();
		const proxy = await openTestProxy(empty.port);
		const store = open({ url: proxy.url });
		await store.waitForEntries({ timeoutMs: 1 });
		proxy.mute();
		proxy.heal();
		await expect(store.waitForEntries({ timeoutMs: 1 })).rejects.toThrow("unavailable");
		await waitUntil("a new connection", () =>
			store.waitForEntries({ timeoutMs: 1 }).then(
				() => true,
				() => false,
			),
		);
		proxy.close();
		await empty.stop();
	});
});
