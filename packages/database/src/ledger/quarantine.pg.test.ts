/** After a proven loss, showtimes that were opened before it stay quarantined until an operator opens them or the time is over. */
import { DEFAULT_LIMITS, newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { checkTimeline } from "./check-timeline.ts";
import { findOpening } from "./find-opening.ts";
import { countQuarantined, listQuarantined, listQuarantineEnded } from "./list-quarantined.ts";
import { markQuarantineEnded } from "./mark-quarantine-ended.ts";

const HOUR_MS = 3_600_000;

let ledger: TestLedger;
let bucket = 0;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());
// Each test uses its own bucket, because each bucket has one timeline.
beforeEach(() => {
	bucket = (bucket + 1) % DEFAULT_LIMITS.buckets;
});

/** Sets the timeline of the bucket. A higher timeline than before records a loss. */
const setTimeline = (timeline: number) => checkTimeline(ledger.database, bucket, async () => ({ timeline, lost: true, seq: 0 }));
const addShowtime = (startsAt = new Date(Date.now() + HOUR_MS)) => ledger.addShowtime({ id: newShowtimeId(bucket), startsAt });
const timelineOf = async (id: ShowtimeId) => (await findOpening(ledger.database, id))?.timeline;
const ownQuarantined = async () => (await listQuarantined(ledger.database)).filter((each) => each.bucket === bucket);
const isQuarantined = async (id: ShowtimeId, request: Parameters<TestLedger["openInNewEpoch"]>[1]) => {
	const opened = await ledger.openInNewEpoch(id, request);
	return opened.outcome === "opened" ? opened.snapshot.isQuarantined : opened.outcome;
};

describe("opening a showtime", () => {
	it("records the current timeline when the showtime was never opened before", async () => {
		await setTimeline(1);
		await setTimeline(2);
		const id = await addShowtime();
		expect(await isQuarantined(id, { timeline: 2 })).toBe(false);
		expect(await timelineOf(id)).toBe(2);
	});

	it("keeps the timeline when the showtime was last opened under the current timeline", async () => {
		await setTimeline(1);
		const id = await addShowtime();
		expect(await isQuarantined(id, { timeline: 1 })).toBe(false);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 1 })).toBe(false);
		expect(await timelineOf(id)).toBe(1);
	});

	it("quarantines a showtime that was last opened under an older timeline, on every rebuild", async () => {
		await setTimeline(1);
		const id = await addShowtime();
		await ledger.openInNewEpoch(id);
		await setTimeline(2);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2 })).toBe(true);
		expect(await isQuarantined(id, { seenEpoch: 2, timeline: 2 })).toBe(true);
		expect(await timelineOf(id)).toBe(1);
	});

	it("quarantines the showtime even when the caller still passes the older timeline", async () => {
		await setTimeline(1);
		const id = await addShowtime();
		await ledger.openInNewEpoch(id);
		await setTimeline(2);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 1 })).toBe(true);
	});

	it("treats a showtime that was opened before timelines were recorded as opened under timeline 1", async () => {
		await setTimeline(1);
		await setTimeline(2);
		const id = await ledger.addShowtime({ id: newShowtimeId(bucket), redisEpoch: 3, startsAt: new Date(Date.now() + HOUR_MS) });
		expect(await ownQuarantined()).toMatchObject([{ showtimeId: id, timeline: 1 }]);
		expect(await isQuarantined(id, { seenEpoch: 3, timeline: 2 })).toBe(true);
	});

	it("ends the quarantine under the current timeline once its time is over, and not a second earlier", async () => {
		await setTimeline(1);
		const id = await addShowtime();
		await ledger.openInNewEpoch(id);
		await setTimeline(2);
		await ledger.rows(sql`update buckets set timeline_started_at = now() - interval '60 seconds' where bucket = ${bucket}`);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2, quarantineMs: 61_000 })).toBe(true);
		expect(await isQuarantined(id, { seenEpoch: 2, timeline: 2, quarantineMs: 60_000 })).toBe(false);
		expect(await timelineOf(id)).toBe(2);
	});

	it("opens the showtime at once when the quarantine time is zero", async () => {
		await setTimeline(1);
		const id = await addShowtime();
		await ledger.openInNewEpoch(id);
		await setTimeline(2);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2, quarantineMs: 0 })).toBe(false);
	});
});

describe("listQuarantined", () => {
	it("lists the showtimes opened before the loss that have not ended or been cancelled, by start, up to the limit", async () => {
		await setTimeline(1);
		const now = Date.now();
		const [later, sooner] = [await addShowtime(new Date(now + 2 * HOUR_MS)), await addShowtime(new Date(now - HOUR_MS))];
		const [over, cancelled, fresh] = [await addShowtime(new Date(now - 3 * HOUR_MS)), await addShowtime(), await addShowtime()];
		for (const id of [later, sooner, over, cancelled]) await ledger.openInNewEpoch(id);
		await ledger.rows(sql`update showtimes set state = 'cancelled' where id = ${cancelled}`);
		const before = await countQuarantined(ledger.database);
		await setTimeline(2);
		await ledger.openInNewEpoch(fresh, { timeline: 2 });
		expect(await ownQuarantined()).toEqual([
			{ showtimeId: sooner, bucket, timeline: 1, endsAt: now + HOUR_MS },
			{ showtimeId: later, bucket, timeline: 1, endsAt: now + 4 * HOUR_MS },
		]);
		expect(await countQuarantined(ledger.database)).toBe(before + 2);
		expect(await listQuarantined(ledger.database, { limit: 1 })).toHaveLength(1);
		await ledger.rows(sql`update buckets set timeline_started_at = now() - interval '60 seconds' where bucket = ${bucket}`);
		const ended = async (quarantineMs: number) =>
			(await listQuarantineEnded(ledger.database, quarantineMs)).filter((each) => each.bucket === bucket).length;
		expect([await ended(60_000), await ended(61_000)]).toEqual([2, 0]);
		expect(await listQuarantineEnded(ledger.database, 60_000, { limit: 1 })).toHaveLength(1);
	});
});

describe("markQuarantineEnded", () => {
	it("ends the quarantine of one showtime only, from its next rebuild on", async () => {
		await setTimeline(1);
		const [id, other] = [await addShowtime(), await addShowtime()];
		for (const each of [id, other]) await ledger.openInNewEpoch(each);
		await setTimeline(2);
		expect(await markQuarantineEnded(ledger.database, id, null)).toEqual({ outcome: "ended" });
		expect(await markQuarantineEnded(ledger.database, id, null)).toEqual({ outcome: "not_quarantined" });
		expect(await ownQuarantined()).toMatchObject([{ showtimeId: other }]);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2 })).toBe(false);
		expect(await isQuarantined(other, { seenEpoch: 1, timeline: 2 })).toBe(true);
	});

	it("writes one audit row when somebody decided it, and none when the time of the quarantine is over", async () => {
		await setTimeline(1);
		const [decided, over] = [await addShowtime(), await addShowtime()];
		for (const each of [decided, over]) await ledger.openInNewEpoch(each);
		await setTimeline(2);
		const origin = { actor: newUserId(), requestId: "request-1", reason: "All buyers were found." };
		for (let call = 0; call < 2; call += 1) await markQuarantineEnded(ledger.database, decided, origin);
		await markQuarantineEnded(ledger.database, over, null);
		const rows = await ledger.rows(
			sql`select actor, action, target_id, reason from audit_events where showtime_id in (${decided}, ${over})`,
		);
		expect(rows).toEqual([{ actor: origin.actor, action: "showtime.quarantine_ended", target_id: decided, reason: origin.reason }]);
	});

	it("returns not_quarantined for a showtime that was never opened, and unknown for one that does not exist", async () => {
		await setTimeline(1);
		await setTimeline(2);
		expect(await markQuarantineEnded(ledger.database, await addShowtime(), null)).toEqual({ outcome: "not_quarantined" });
		expect(await markQuarantineEnded(ledger.database, newShowtimeId(bucket), null)).toEqual({ outcome: "unknown" });
	});
});
