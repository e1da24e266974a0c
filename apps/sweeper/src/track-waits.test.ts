import { newShowtimeId } from "@holdfast/domain";
import { createLogger } from "@holdfast/runtime";
import { expect, it } from "vitest";
import { createSweeperMetrics } from "./sweeper-metrics.ts";
import { createWaitTracker, LONG_WAIT_MS } from "./track-waits.ts";

it("the tracker counts the waiting showtimes of all buckets, and logs each showtime once per wait of 5 s or more", async () => {
	const log = createLogger("sweeper", "silent");
	const logged: unknown[] = [];
	log.warn = (fields: unknown) => void logged.push(fields);
	const metrics = createSweeperMetrics();
	const waits = createWaitTracker({ log, metrics });
	const count = async () => /^holdfast_waiting_showtimes (\d+)$/m.exec((await metrics.render()).text)?.[1];
	const [one, other] = [newShowtimeId(1), newShowtimeId(2)];

	waits.note(1, new Set([one]), 1_000);
	waits.note(2, new Set([other]), 1_000);
	expect(await count()).toBe("2");
	waits.note(2, new Set(), 1_200);
	expect(await count()).toBe("1");
	waits.note(1, new Set([one]), 1_000 + LONG_WAIT_MS - 1);
	expect(logged).toEqual([]);
	waits.note(1, new Set([one]), 1_000 + LONG_WAIT_MS);
	waits.note(1, new Set([one]), 9_000);
	expect(logged).toEqual([{ bucket: 1, showtimeId: one, waitedMs: LONG_WAIT_MS }]);
	waits.note(1, new Set(), 9_100);
	expect(await count()).toBe("0");
	waits.note(1, new Set([one]), 9_200);
	waits.note(1, new Set([one]), 9_200 + LONG_WAIT_MS);
	expect(logged).toHaveLength(2);
});
