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

it("findUnopened names the showtimes of several buckets that are not installed or are being rebuilt", async () => {
	const open = await Promise.all([1, 1, 2].map((bucket) => test.openShowtime({ id: newShowtimeId(bucket) })));
	const claimed = await test.openShowtime({ id: newShowtimeId(1) });
	await test.store.claimShowtime(claimed.id, { token: "rebuilder", ledgerEpoch: 2 });
	const unknown = newShowtimeId(3);
	const ids = [...open.map(({ id }) => id), claimed.id, unknown];
	expect((await test.store.findUnopened(ids)).sort()).toEqual([claimed.id, unknown].sort());
	expect(await test.store.findUnopened([])).toEqual([]);
});

it("covers every status that find-unopened.lua can reply", () => expectEveryReply(test.replies, [findUnopenedScript]));
