import { newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import type { RebuildOutcome } from "@holdfast/rebuild";
import { createLogger } from "@holdfast/runtime";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRebuildQueue } from "./queue-rebuilds.ts";
import { createSweeperMetrics } from "./sweeper-metrics.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"] });
	// With a fixed random number the jittered waits are the same in each run.
	vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const openRebuildQueue = (answer: () => Promise<RebuildOutcome>, metrics = createSweeperMetrics()) => {
	const rebuild = vi.fn((_id: ShowtimeId) => answer());
	const deps = { log: createLogger("test", "silent"), metrics };
	return { rebuild, rebuilds: createRebuildQueue(deps, { rebuild, pending: () => 0, idle: async () => {} }) };
};
const advanceClock = (ms: number) => void vi.setSystemTime(Date.now() + ms);

describe("createRebuildQueue", () => {
	it("retries a failing rebuild with growing pauses of at most a minute, and without a pause after a success", async () => {
		let fails = true;
		const { rebuild, rebuilds } = openRebuildQueue(() =>
			fails ? Promise.reject(new Error("no")) : Promise.resolve({ outcome: "opened" }),
		);
		const id = newShowtimeId();
		const request = async (): Promise<number> => {
			rebuilds.request(id);
			await rebuilds.idle();
			return rebuild.mock.calls.length;
		};
		expect([await request(), await request()]).toEqual([1, 1]);
		for (let tries = 2; tries < 12; tries += 1) {
			advanceClock(60_000);
			expect(await request()).toBe(tries);
		}
		advanceClock(40_000);
		expect(await request()).toBe(11);
		fails = false;
		advanceClock(20_000);
		expect([await request(), await request(), await request()]).toEqual([12, 13, 14]);
	});

	it("counts a rebuild whose claim is not replicated as failed, and retries it with growing pauses", async () => {
		const metrics = createSweeperMetrics();
		const { rebuild, rebuilds } = openRebuildQueue(() => Promise.resolve({ outcome: "claim_not_replicated" }), metrics);
		const id = newShowtimeId();
		for (let tries = 1; tries <= 3; tries += 1) {
			rebuilds.request(id);
			await rebuilds.idle();
			expect(rebuild).toHaveBeenCalledTimes(tries);
			expect((await metrics.render()).text).toContain(`holdfast_failed_rebuilds_total ${tries}\n`);
			advanceClock(200 * 2 ** tries * 0.7);
			rebuilds.request(id);
			await rebuilds.idle();
			expect(rebuild).toHaveBeenCalledTimes(tries);
			advanceClock(60_000);
		}
	});

	it("retries after 200 ms while another process rebuilds the showtime, and does not delay other showtimes", async () => {
		const { rebuild, rebuilds } = openRebuildQueue(() => Promise.resolve({ outcome: "recovering" }));
		const [one, other] = [newShowtimeId(), newShowtimeId()];
		for (const id of [one, one, other]) rebuilds.request(id);
		await rebuilds.idle();
		rebuilds.request(one);
		await rebuilds.idle();
		expect(rebuild.mock.calls.map(([id]) => id)).toEqual([one, other]);
		advanceClock(200);
		rebuilds.request(one);
		await rebuilds.idle();
		expect(rebuild).toHaveBeenCalledTimes(3);
	});
});
