/** After a proven loss: showtimes that were opened before it stay quarantined until a person opens them or the time is over. */
import { DEFAULT_LIMITS, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
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
// A bucket of its own for each test, since a timeline is a bucket's.
beforeEach(() => {
	bucket = (bucket + 1) % DEFAULT_LIMITS.buckets;
});

/** Judge that the bucket is on this timeline now; when that is higher than before, with a loss. */
const judge = (timeline: number) => checkTimeline(ledger.database, bucket, async () => ({ timeline, lost: true, seq: 0 }));
const addShowtime = (startsAt = new Date(Date.now() + HOUR_MS)) => ledger.addShowtime({ id: newShowtimeId(bucket), startsAt });
const timelineOf = async (id: ShowtimeId) => (await findOpening(ledger.database, id))?.timeline;
const mine = async () => (await listQuarantined(ledger.database)).filter((each) => each.bucket === bucket);
const isQuarantined = async (id: ShowtimeId, request: Parameters<TestLedger["open"]>[1]) => {
	const opened = await ledger.open(id, request);
	return opened.outcome === "opened" ? opened.snapshot.isQuarantined : opened.outcome;
};

describe("opening a showtime", () => {
	it("that was never opened notes the timeline that stands", async () => {
		await judge(1);
		await judge(2);
		const id = await addShowtime();
		expect(await isQuarantined(id, { timeline: 2 })).toBe(false);
		expect(await timelineOf(id)).toBe(2);
	});

	it("that was opened under the timeline that stands changes nothing", async () => {
		await judge(1);
		const id = await addShowtime();
		expect(await isQuarantined(id, { timeline: 1 })).toBe(false);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 1 })).toBe(false);
		expect(await timelineOf(id)).toBe(1);
	});

	it("that was opened under an older timeline quarantines it, as often as it is rebuilt", async () => {
		await judge(1);
		const id = await addShowtime();
		await ledger.open(id);
		await judge(2);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2 })).toBe(true);
		expect(await isQuarantined(id, { seenEpoch: 2, timeline: 2 })).toBe(true);
		expect(await timelineOf(id)).toBe(1);
	});

	it("by one who still believes in the older timeline quarantines it too", async () => {
		await judge(1);
		const id = await addShowtime();
		await ledger.open(id);
		await judge(2);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 1 })).toBe(true);
	});

	it("that an older version opened, which noted no timeline, takes it as opened under the first", async () => {
		await judge(1);
		await judge(2);
		const id = await ledger.addShowtime({ id: newShowtimeId(bucket), redisEpoch: 3, startsAt: new Date(Date.now() + HOUR_MS) });
		expect(await mine()).toMatchObject([{ showtimeId: id, timeline: 1 }]);
		expect(await isQuarantined(id, { seenEpoch: 3, timeline: 2 })).toBe(true);
	});

	it("after the quarantine opens it under the timeline that stands, and not a second earlier", async () => {
		await judge(1);
		const id = await addShowtime();
		await ledger.open(id);
		await judge(2);
		await ledger.rows(sql`update buckets set timeline_started_at = now() - interval '60 seconds' where bucket = ${bucket}`);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2, quarantineMs: 61_000 })).toBe(true);
		expect(await isQuarantined(id, { seenEpoch: 2, timeline: 2, quarantineMs: 60_000 })).toBe(false);
		expect(await timelineOf(id)).toBe(2);
	});

	it("with no quarantine at all opens it at once", async () => {
		await judge(1);
		const id = await addShowtime();
		await ledger.open(id);
		await judge(2);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2, quarantineMs: 0 })).toBe(false);
	});
});

describe("what is listed", () => {
	it("the showtimes opened before the loss that are not over or cancelled, the next to start first, at most so many", async () => {
		await judge(1);
		const now = Date.now();
		const [later, sooner] = [await addShowtime(new Date(now + 2 * HOUR_MS)), await addShowtime(new Date(now - HOUR_MS))];
		const [over, cancelled, fresh] = [await addShowtime(new Date(now - 3 * HOUR_MS)), await addShowtime(), await addShowtime()];
		for (const id of [later, sooner, over, cancelled]) await ledger.open(id);
		await ledger.rows(sql`update showtimes set state = 'cancelled' where id = ${cancelled}`);
		const before = await countQuarantined(ledger.database);
		await judge(2);
		await ledger.open(fresh, { timeline: 2 });
		expect(await mine()).toEqual([
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

describe("a person who opens one", () => {
	it("opens it once; it is sold again from the next rebuild on, and the others are not", async () => {
		await judge(1);
		const [id, other] = [await addShowtime(), await addShowtime()];
		for (const each of [id, other]) await ledger.open(each);
		await judge(2);
		expect(await markQuarantineEnded(ledger.database, id)).toEqual({ outcome: "ended" });
		expect(await markQuarantineEnded(ledger.database, id)).toEqual({ outcome: "not_quarantined" });
		expect(await mine()).toMatchObject([{ showtimeId: other }]);
		expect(await isQuarantined(id, { seenEpoch: 1, timeline: 2 })).toBe(false);
		expect(await isQuarantined(other, { seenEpoch: 1, timeline: 2 })).toBe(true);
	});

	it("learns of one that was never opened, and of none such", async () => {
		await judge(1);
		await judge(2);
		expect(await markQuarantineEnded(ledger.database, await addShowtime())).toEqual({ outcome: "not_quarantined" });
		expect(await markQuarantineEnded(ledger.database, newShowtimeId(bucket))).toEqual({ outcome: "unknown" });
	});
});
