/** Events to watchers after missed changes, after a rebuild, and when holds expire: a watcher's map never differs from the one in Redis. */
import type { ShowtimeId } from "@holdfast/domain";
import { sendInlineCommand } from "@holdfast/local-stack";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStream } from "../testing/read-stream.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const FIRST = 1_000_000_000;

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

/** A showtime that is open and at its first version. */
async function openShowtime(): Promise<ShowtimeId> {
	const showtimeId = await api.newShowtime();
	await api.call(`GET /showtimes/${showtimeId}/seats`);
	return showtimeId;
}

describe("a watcher of seats", () => {
	it("misses no change that happens during its subscription", async () => {
		const [user, showtimeId] = [await api.newUser(), await openShowtime()];
		const slow = await api.startAnother({
			wrapStore: (seatStore) => ({
				...seatStore,
				async watchSeats(id, listener) {
					await api.held(user, id, ["A1"]);
					return seatStore.watchSeats(id, listener);
				},
			}),
		});
		const live = await readStream(slow, showtimeId, { query: `?since=${FIRST}` });
		expect(await live.until(1)).toEqual([{ event: "reset", version: FIRST + 1, seats: [] }]);
		live.close();
	});

	it("gets a reset with a higher version when the showtime was rebuilt", async () => {
		const [user, showtimeId] = [await api.newUser(), await openShowtime()];
		const live = await readStream(api, showtimeId, { query: `?since=${FIRST}` });
		await api.held(user, showtimeId, ["A1"]);
		await live.until(1);
		await sendInlineCommand(api.redis.port, `DEL ${showtimeKeys(showtimeId).meta}`);
		await api.call(`GET /showtimes/${showtimeId}/seats`);
		expect((await live.until(2))[1]).toEqual({ event: "reset", version: 2 * FIRST, seats: [] });
		live.close();
	});

	it("gets a reset when a change was missed", async () => {
		const showtimeId = await openShowtime();
		const live = await readStream(api, showtimeId, { query: `?since=${FIRST}` });
		const publish = (message: string) => sendInlineCommand(api.redis.port, `SPUBLISH ${showtimeKeys(showtimeId).map} "${message}"`);
		await publish(`${FIRST + 1} H 4`);
		await live.until(1);
		await publish(`${FIRST + 3} S 5`);
		await publish(`${FIRST + 2} S 4`);
		expect((await live.until(2))[1]).toEqual({ event: "reset", version: FIRST + 3, seats: [] });
		await publish(`${FIRST + 4} S 6`);
		expect((await live.until(3))[2]).toEqual({ event: "delta", version: FIRST + 4, seats: [[6, "S"]] });
		live.close();
	});

	it("gets a reset after a lost subscription during which a seat changed, and no event otherwise", async () => {
		const [user, changed, quiet] = [await api.newUser(), await openShowtime(), await openShowtime()];
		const [live, unchanged] = [
			await readStream(api, changed, { query: `?since=${FIRST}` }),
			await readStream(api, quiet, { query: `?since=${FIRST}` }),
		];
		// In one transaction, so that no new subscription can start between the loss and the change.
		const steps = [
			"MULTI",
			"CLIENT KILL TYPE pubsub",
			`HINCRBY ${showtimeKeys(changed).meta} mapVersion 1`,
			`SETRANGE ${showtimeKeys(changed).map} 7 X`,
			"EXEC",
		];
		await sendInlineCommand(api.redis.port, steps.join("\r\n"), steps.length);
		expect(await live.until(1)).toEqual([{ event: "reset", version: FIRST + 1, seats: [] }]);
		for (const showtimeId of [changed, quiet]) await api.held(user, showtimeId, ["A1"]);
		expect((await live.until(2))[1]).toEqual({ event: "delta", version: FIRST + 2, seats: [[0, "H"]] });
		expect(await unchanged.until(1)).toEqual([{ event: "delta", version: FIRST + 1, seats: [[0, "H"]] }]);
		live.close();
		unchanged.close();
	});

	it("sees each expired hold's seat as available within a second of the expiry, without a sweeper", async () => {
		const brief = await api.startAnother({ limits: { holdTtlMs: 1_500 } });
		const [users, showtimeId] = [await api.newUsers(3), await openShowtime()];
		const live = await readStream(api, showtimeId, { query: `?since=${FIRST}` });
		const expiriesMs = new Map<string, number>();
		for (const [index, user] of users.entries()) {
			const { expiresAt } = await brief.held(user, showtimeId, [`A${index + 1}`]);
			expiriesMs.set(`${index} A`, Date.parse(expiresAt));
			await new Promise((resolve) => setTimeout(resolve, 300));
		}
		const seenMs = new Map<string, number>();
		await waitUntil("all seats to be available", () => {
			for (const { seats } of live.events)
				for (const [seat, letter] of seats) if (!seenMs.has(`${seat} ${letter}`)) seenMs.set(`${seat} ${letter}`, Date.now());
			return seenMs.has("0 A") && seenMs.has("1 A") && seenMs.has("2 A");
		});
		for (const [seat, expiresMs] of expiriesMs) {
			expect(seenMs.get(seat)).toBeGreaterThanOrEqual(expiresMs);
			expect(seenMs.get(seat)).toBeLessThan(expiresMs + 1_000);
		}
		live.close();
	});
});
