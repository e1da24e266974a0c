import { newShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { findUnopenedScript } from "./find-unopened.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

it("names, of showtimes in several buckets, those that are not installed and those that are being rebuilt", async () => {
	const open = await Promise.all([1, 1, 2].map((bucket) => test.openShowtime({ id: newShowtimeId(bucket) })));
	const claimed = await test.openShowtime({ id: newShowtimeId(1) });
	await test.store.claimShowtime(claimed.id, { token: "rebuilder", ledgerEpoch: 2 });
	const unknown = newShowtimeId(3);
	const ids = [...open.map(({ id }) => id), claimed.id, unknown];
	expect((await test.store.findUnopened(ids)).sort()).toEqual([claimed.id, unknown].sort());
	expect(await test.store.findUnopened([])).toEqual([]);
});

it("every reply of the script was seen", () => expectEveryReply(test.replies, [findUnopenedScript]));
