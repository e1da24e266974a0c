import type { OutboxEntry } from "@holdfast/domain";
import { expect, it } from "vitest";
import { findGap } from "./find-gap.ts";

const entriesOf = (...seqs: (number | string)[]): OutboxEntry[] =>
	seqs.map((seq) => ({ entryId: `1-${seq}`, epoch: 1, event: null, raw: { seq: String(seq) } }));

it.each([
	["finds no gap in consecutive sequence numbers", [8, 9, 10], 7, null],
	["finds no gap in sequence numbers that were read before", [3, 4, 7], 7, null],
	["finds no gap between an older entry that stayed in the stream and the next sequence number", [3, 8], 7, null],
	["finds no gap when sequence numbers repeat after a failover", [8, 9, 8, 9, 10], 7, null],
	["finds no gap around an entry with an unreadable sequence number", [8, "eight", 9], 7, null],
	["finds no gap in an empty batch", [], 7, null],
	["reports the gap before the first entry", [10], 7, { after: 7, before: 10, missing: 2 }],
	[
		"reports the first of several gaps and the number of all missing sequence numbers",
		[8, 10, 11, 15],
		7,
		{ after: 8, before: 10, missing: 4 },
	],
] as const)("findGap, given the sequence numbers of a batch, %s", (_title, seqs, seenSeq, gap) => {
	expect(findGap(entriesOf(...seqs), seenSeq)).toEqual(gap);
});
