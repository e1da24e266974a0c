import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketKeys } from "../keys.ts";
import { openTestStore, type TestStore } from "../open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { joinLine, joinLineScript } from "./rebuild-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

const BUCKET = 3;
const keys = bucketKeys(BUCKET);

/** What the server has of line and seq (null: no key) and what the ledger; what is judged, and stands afterwards. */
type Row = [here: [line: number | null, seq: number | null], ledger: [line: number, seq: number] | null, judged: [number, number, boolean]];

async function join(here: Row[0], ledger: Row[1], judgesSeq: boolean) {
	await test.redis.flushall();
	const [line, seq] = here;
	if (line !== null) await test.redis.set(keys.line, line);
	if (seq !== null) await test.redis.set(keys.seq, seq);
	return joinLine(test.redis, BUCKET, ledger && { line: ledger[0], seq: ledger[1] }, judgesSeq);
}

async function expectJudged([here, ledger, [line, seq, lost]]: Row, judgesSeq: boolean): Promise<void> {
	const what = JSON.stringify({ here, ledger, judgesSeq });
	expect(await join(here, ledger, judgesSeq), what).toEqual({ line, seq, lost });
	expect(await test.redis.mget(keys.line, keys.seq), what).toEqual([String(line), String(seq)]);
	expect([await test.redis.pttl(keys.line), await test.redis.pttl(keys.seq)], what).toEqual([-1, -1]);
}

/** Alike whether or not the counter is judged. */
const EITHER_WAY: Row[] = [
	// A ledger without a row proves nothing.
	[[null, null], null, [1, 0, false]],
	[[1, 7], null, [1, 7, false]],
	[[4, 7], null, [4, 7, false]],
	[[4, null], null, [4, 0, false]],
	[[null, 7], null, [1, 7, false]],
	// The line is gone.
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

describe("the bucket's line", () => {
	it.each([true, false])("is judged as its table says (counter judged: %s)", async (judgesSeq) => {
		for (const row of EITHER_WAY) await expectJudged(row, judgesSeq);
	});

	it("a counter below the ledger's proves loss where it is judged", async () => {
		await expectJudged(
			[
				[3, 4],
				[3, 5],
				[4, 5, true],
			],
			true,
		);
		await expectJudged(
			[
				[3, null],
				[3, 5],
				[4, 5, true],
			],
			true,
		);
	});

	it("and nowhere else: there it goes on behind the ledger's", async () => {
		await expectJudged(
			[
				[3, 4],
				[3, 5],
				[3, 5, false],
			],
			false,
		);
		await expectJudged(
			[
				[3, null],
				[3, 5],
				[3, 5, false],
			],
			false,
		);
	});

	it("is judged once: the ledger that was told finds nothing lost", async () => {
		const first = await join([null, null], [2, 5], true);
		expect(first).toEqual({ line: 3, seq: 5, lost: true });
		expect(await joinLine(test.redis, BUCKET, first, true)).toEqual({ line: 3, seq: 5, lost: false });
	});

	it("the next event goes on behind the counter", async () => {
		await join([1, 4], [1, 90], false);
		expect(await test.redis.incr(keys.seq)).toBe(91);
	});

	it("the store judges the counter unless a replica acknowledges", async () => {
		await test.redis.mset(keys.line, 3, keys.seq, 4);
		expect(await test.store.joinLine(BUCKET, { line: 3, seq: 5 })).toEqual({ line: 4, seq: 5, lost: true });
	});
});

it("every reply of the script was seen", () => expectEveryReply(test.replies, [joinLineScript]));
