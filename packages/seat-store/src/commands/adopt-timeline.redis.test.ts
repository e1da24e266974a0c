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

/** Timeline and seq of the server (null: no key), and of the ledger; then what the server answers and has afterwards. */
type Row = [
	here: [timeline: number | null, seq: number | null],
	ledger: [timeline: number, seq: number] | null,
	adopted: [number, number, boolean],
];

async function adopt(here: Row[0], ledger: Row[1], judgesSeq: boolean) {
	await test.redis.flushall();
	const [timeline, seq] = here;
	if (timeline !== null) await test.redis.set(keys.timeline, timeline);
	if (seq !== null) await test.redis.set(keys.seq, seq);
	const { adoptTimeline } = commandsOn(test.redis, { ackLevel: judgesSeq ? "local" : "replica" });
	return adoptTimeline(BUCKET, ledger && { timeline: ledger[0], seq: ledger[1] });
}

async function expectAdopted([here, ledger, [timeline, seq, lost]]: Row, judgesSeq: boolean): Promise<void> {
	const what = JSON.stringify({ here, ledger, judgesSeq });
	expect(await adopt(here, ledger, judgesSeq), what).toEqual({ timeline, seq, lost });
	expect(await test.redis.mget(keys.timeline, keys.seq), what).toEqual([String(timeline), String(seq)]);
	expect([await test.redis.pttl(keys.timeline), await test.redis.pttl(keys.seq)], what).toEqual([-1, -1]);
}

/** The same whether or not a counter below the ledger's proves loss. */
const EITHER_WAY: Row[] = [
	// A ledger without a row proves nothing.
	[[null, null], null, [1, 0, false]],
	[[1, 7], null, [1, 7, false]],
	[[4, 7], null, [4, 7, false]],
	[[4, null], null, [4, 0, false]],
	[[null, 7], null, [1, 7, false]],
	// The timeline is gone.
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
	// It is lower.
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
	// It is the ledger's, and nothing is missing.
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
	// It is higher: somebody found a loss and could not tell the ledger.
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

describe("the bucket's timeline", () => {
	it.each([true, false])("is adopted as the table says (a counter below the ledger's proves loss: %s)", async (judgesSeq) => {
		for (const row of EITHER_WAY) await expectAdopted(row, judgesSeq);
	});

	it("rises when the counter is below the ledger's, if that proves loss", async () => {
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

	it("stays when a lower counter proves no loss: the counter continues above the ledger's", async () => {
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

	it("rises once for one loss: a ledger that has recorded it finds nothing lost", async () => {
		const first = await adopt([null, null], [2, 5], true);
		expect(first).toEqual({ timeline: 3, seq: 5, lost: true });
		expect(await commandsOn(test.redis).adoptTimeline(BUCKET, first)).toEqual({ timeline: 3, seq: 5, lost: false });
	});

	it("the next event goes on behind the counter", async () => {
		await adopt([1, 4], [1, 90], false);
		expect(await test.redis.incr(keys.seq)).toBe(91);
	});

	it("rises for a lower counter unless a replica acknowledges", async () => {
		await test.redis.mset(keys.timeline, 3, keys.seq, 4);
		expect(await test.store.adoptTimeline(BUCKET, { timeline: 3, seq: 5 })).toEqual({ timeline: 4, seq: 5, lost: true });
	});
});

it("every reply of the script was seen", () => expectEveryReply(test.replies, [adoptTimelineScript]));
