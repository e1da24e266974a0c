import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketKeys } from "../keys.ts";
import { commandsOn } from "../testing/commands-on.ts";
import { openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { adoptTimelineScript } from "./install-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

const BUCKET = 3;
const keys = bucketKeys(BUCKET);

/** Timeline and seq in Redis (null: no key) and in the ledger, then what adopt-timeline returns and Redis has afterwards. */
type Row = [
	redis: [timeline: number | null, seq: number | null],
	ledger: [timeline: number, seq: number] | null,
	adopted: [timeline: number, seq: number, lost: boolean],
];

async function adopt(inRedis: Row[0], ledger: Row[1], judgesSeq: boolean) {
	await test.redis.flushall();
	const [timeline, seq] = inRedis;
	if (timeline !== null) await test.redis.set(keys.timeline, timeline);
	if (seq !== null) await test.redis.set(keys.seq, seq);
	const { adoptTimeline } = commandsOn(test.redis, { ackLevel: judgesSeq ? "local" : "replica" });
	return adoptTimeline(BUCKET, ledger && { timeline: ledger[0], seq: ledger[1] });
}

async function expectAdopted([inRedis, ledger, [timeline, seq, lost]]: Row, judgesSeq: boolean): Promise<void> {
	const row = JSON.stringify({ inRedis, ledger, judgesSeq });
	expect(await adopt(inRedis, ledger, judgesSeq), row).toEqual({ timeline, seq, lost });
	expect(await test.redis.mget(keys.timeline, keys.seq), row).toEqual([String(timeline), String(seq)]);
	expect([await test.redis.pttl(keys.timeline), await test.redis.pttl(keys.seq)], row).toEqual([-1, -1]);
}

/** Rows with the same result whether or not a counter below the ledger's proves loss. */
const EITHER_WAY: Row[] = [
	// The ledger has no row of the bucket: that proves no loss.
	[[null, null], null, [1, 0, false]],
	[[1, 7], null, [1, 7, false]],
	[[4, 7], null, [4, 7, false]],
	[[4, null], null, [4, 0, false]],
	[[null, 7], null, [1, 7, false]],
	// Redis has no timeline.
	[
		[null, null],
		[1, 0],
		[2, 0, true],
	],
	[
		[null, null],
		[1, 5],
		[2, 5, true],
	],
	[
		[null, 4],
		[3, 5],
		[4, 5, true],
	],
	[
		[null, 9],
		[3, 5],
		[4, 9, true],
	],
	// The timeline in Redis is lower than the ledger's.
	[
		[1, 4],
		[3, 5],
		[4, 5, true],
	],
	[
		[1, 5],
		[3, 5],
		[4, 5, true],
	],
	[
		[2, 9],
		[3, 5],
		[4, 9, true],
	],
	// Redis has the ledger's timeline and no fewer events.
	[
		[3, 5],
		[3, 5],
		[3, 5, false],
	],
	[
		[3, 9],
		[3, 5],
		[3, 9, false],
	],
	[
		[3, null],
		[3, 0],
		[3, 0, false],
	],
	// The timeline in Redis is higher: an earlier rebuild found a loss that it could not record in the ledger.
	[
		[4, 9],
		[3, 5],
		[4, 9, true],
	],
	[
		[4, 5],
		[3, 5],
		[4, 5, true],
	],
	[
		[7, 4],
		[3, 5],
		[7, 5, true],
	],
	[
		[7, null],
		[3, 5],
		[7, 5, true],
	],
];

describe("adopt-timeline", () => {
	it.each([true, false])("gives the result of each row of the table (a counter below the ledger's proves loss: %s)", async (judgesSeq) => {
		for (const row of EITHER_WAY) await expectAdopted(row, judgesSeq);
	});

	it("raises the timeline when the counter is below the ledger's, if a lower counter proves loss", async () => {
		await expectAdopted(
			[
				[3, 4],
				[3, 5],
				[4, 5, true],
			],
			true,
		);
		await expectAdopted(
			[
				[3, null],
				[3, 5],
				[4, 5, true],
			],
			true,
		);
	});

	it("keeps the timeline and continues above the ledger's counter when a lower counter proves no loss", async () => {
		await expectAdopted(
			[
				[3, 4],
				[3, 5],
				[3, 5, false],
			],
			false,
		);
		await expectAdopted(
			[
				[3, null],
				[3, 5],
				[3, 5, false],
			],
			false,
		);
	});

	it("finds no second loss once the ledger has recorded the first", async () => {
		const first = await adopt([null, null], [2, 5], true);
		expect(first).toEqual({ timeline: 3, seq: 5, lost: true });
		expect(await commandsOn(test.redis).adoptTimeline(BUCKET, first)).toEqual({ timeline: 3, seq: 5, lost: false });
	});

	it("numbers the next event after the adopted counter", async () => {
		await adopt([1, 4], [1, 90], false);
		expect(await test.redis.incr(keys.seq)).toBe(91);
	});

	it("raises the timeline for a lower counter in a store without ACK_LEVEL=replica", async () => {
		await test.redis.mset(keys.timeline, 3, keys.seq, 4);
		expect(await test.store.adoptTimeline(BUCKET, { timeline: 3, seq: 5 })).toEqual({ timeline: 4, seq: 5, lost: true });
	});
});

it("covers every status that adopt-timeline.lua can reply", () => expectEveryReply(test.replies, [adoptTimelineScript]));
