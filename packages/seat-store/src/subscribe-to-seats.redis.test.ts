/** Subscriptions to seat changes on a real Redis. */
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { showtimeKeys } from "./keys.ts";
import type { SeatMessage } from "./subscribe-to-seats.ts";
import { holdSeats, tryHold } from "./testing/buy-seats.ts";
import { openTestStore, type TestStore } from "./testing/open-test-store.ts";
import { untilReachable } from "./testing/until-reachable.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

type Showtime = Awaited<ReturnType<TestStore["openShowtime"]>>;

/** Number of subscriptions that Redis has for the showtime. */
async function subscriptions(showtime: Showtime): Promise<unknown> {
	const reply: unknown = await test.redis.call("PUBSUB", "SHARDNUMSUB", showtimeKeys(showtime.id).map);
	return Array.isArray(reply) ? reply[1] : reply;
}

async function watch(showtime: Showtime, store = test.store) {
	const messages: SeatMessage[] = [];
	const end = await store.watchSeats(showtime.id, (message) => messages.push(message));
	return { messages, end, until: (count: number) => waitUntil(`${count} messages`, () => messages.length >= count) };
}

describe("watchSeats", () => {
	it("reports every seat change in order, from its resolution until the subscription is ended", async () => {
		const showtime = await test.openShowtime();
		const { messages, end, until } = await watch(showtime);
		const first = await holdSeats(test.store, showtime, [3, 4]);
		await test.store.confirmBooking(first);
		await test.store.cancelBooking(first);
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [7], isBlocked: true, ifVersions: null, command: null });
		await until(4);
		end();
		await waitUntil("the subscription to end", async () => (await subscriptions(showtime)) === 0);
		await tryHold(test.store, showtime, [5]);
		expect(messages).toEqual([
			{ what: "seats", version: 1_000_000_001, letter: "H", seats: [3, 4] },
			{ what: "seats", version: 1_000_000_002, letter: "S", seats: [3, 4] },
			{ what: "seats", version: 1_000_000_003, letter: "A", seats: [3, 4] },
			{ what: "seats", version: 1_000_000_004, letter: "X", seats: [7] },
		]);
	});

	it("reports a reset of the seat map", async () => {
		const showtime = await test.openShowtime();
		const { messages, end, until } = await watch(showtime);
		await test.redis.spublish(showtimeKeys(showtime.id).map, "2000000000 reset");
		await until(1);
		expect(messages).toEqual([{ what: "reset", version: 2_000_000_000 }]);
		end();
	});

	it("has one subscription for all listeners of a showtime, and ends it with the last listener", async () => {
		const showtime = await test.openShowtime();
		const watches = await Promise.all(Array.from({ length: 50 }, () => watch(showtime)));
		expect(await subscriptions(showtime)).toBe(1);
		await tryHold(test.store, showtime, [1]);
		await Promise.all(watches.map(({ until }) => until(1)));
		for (const { end } of watches.slice(1)) end();
		expect(await subscriptions(showtime)).toBe(1);
		watches[0]?.end();
		watches[0]?.end();
		await waitUntil("the subscription to end", async () => (await subscriptions(showtime)) === 0);
		const again = await watch(showtime);
		expect(await subscriptions(showtime)).toBe(1);
		again.end();
	});

	it("reports that the subscription was lost and restored, and then continues", async () => {
		const [showtime, other] = [await test.openShowtime(), await test.openShowtime()];
		const watches = [await watch(showtime), await watch(other)];
		await test.redis.call("CLIENT", "KILL", "TYPE", "pubsub");
		await Promise.all(watches.map(({ until }) => until(1)));
		await tryHold(test.store, showtime, [1]);
		await watches[0]?.until(2);
		expect(watches[0]?.messages).toEqual([{ what: "resumed" }, { what: "seats", version: 1_000_000_001, letter: "H", seats: [1] }]);
		expect(watches[1]?.messages).toEqual([{ what: "resumed" }]);
		for (const { end } of watches) end();
	});

	it("notices a paused server even when no message is due", async () => {
		const own = await openTestStore();
		try {
			const showtime = await own.openShowtime();
			const { until } = await watch(showtime, own.store);
			own.server.pause();
			setTimeout(() => own.server.resume(), 9_000);
			await waitUntil("a message", () => until(1).then(() => true), 20_000);
		} finally {
			await own.stop();
		}
	});

	it("rejects as unavailable while Redis is down, and leaves no subscription behind", async () => {
		const own = await openTestStore();
		try {
			const showtime = await own.openShowtime();
			await own.server.kill();
			await expect(watch(showtime, own.store)).rejects.toMatchObject({ name: "SeatStoreFault", kind: "unavailable" });
			await own.server.restart();
			await untilReachable(own.store);
			expect(await askRedis(own.server.port, "PUBSUB", "SHARDCHANNELS")).toBe("*0");
			const { end } = await watch(showtime, own.store);
			end();
		} finally {
			await own.stop();
		}
	});
});
