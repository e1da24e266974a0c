import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { listUpcomingShowtimes } from "./list-upcoming-showtimes.ts";

const MINUTE_MS = 60_000;

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

it("lists running and soon starting showtimes that are not cancelled, the earliest first, up to the limit", async () => {
	const now = Date.now();
	const add = (inMinutes: number, rest: Parameters<TestLedger["addShowtime"]>[0] = {}) =>
		ledger.addShowtime({ startsAt: new Date(now + inMinutes * MINUTE_MS), ...rest });
	const [soon, running, paused, closed] = [
		await add(59),
		await add(-119),
		await add(30, { state: "paused" }),
		await add(20, { state: "closed" }),
	];
	await Promise.all([add(61), add(-121), add(20, { state: "cancelled" })]);
	await ledger.openInNewEpoch(paused);
	const upcoming = (limit: number) => listUpcomingShowtimes(ledger.database, { withinMs: 60 * MINUTE_MS, limit });
	expect(await upcoming(10)).toEqual([
		{ id: running, startsAt: now - 119 * MINUTE_MS, epoch: 0 },
		{ id: closed, startsAt: now + 20 * MINUTE_MS, epoch: 0 },
		{ id: paused, startsAt: now + 30 * MINUTE_MS, epoch: 1 },
		{ id: soon, startsAt: now + 59 * MINUTE_MS, epoch: 0 },
	]);
	expect(await upcoming(2)).toHaveLength(2);
});
