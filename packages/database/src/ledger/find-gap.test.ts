import type { OutboxEntry } from "@holdfast/domain";
import { expect, it } from "vitest";
import { findGap } from "./find-gap.ts";

const entriesOf = (...seqs: (number | string)[]): OutboxEntry[] =>
	seqs.map((seq) => ({ entryId: `1-${seq}`, epoch: 1, event: null, raw: { seq: String(seq) } }));

it.each([
	["the next numbers", [8, 9, 10], 7, null],
	["numbers met before", [3, 4, 7], 7, null],
	["left entries, then the next", [3, 8], 7, null],
	["a number used again after a failover", [8, 9, 8, 9, 10], 7, null],
	["an entry whose number cannot be read", [8, "eight", 9], 7, null],
	["nothing", [], 7, null],
	["a hole before the first", [10], 7, { after: 7, before: 10, missing: 2 }],
	["holes inside", [8, 10, 11, 15], 7, { after: 8, before: 10, missing: 4 }],
] as const)("%s", (_, seqs, seenSeq, gap) => {
	expect(findGap(entriesOf(...seqs), seenSeq)).toEqual(gap);
});
