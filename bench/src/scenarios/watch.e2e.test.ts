/** The watch scenario with two API processes: 100 watchers in the short run, 2,000 in the long one. */
import { rmSync } from "node:fs";
import { makeScratchFolder } from "@holdfast/local-stack";
import { byRunLength } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, openBench } from "../open-bench.ts";
import { watch } from "./watch.ts";

const CROWD = byRunLength({
	short: { watchers: 100, seconds: 3, holdsPerSecond: 50, floorRequests: 2_000 },
	long: { watchers: 2_000, seconds: 30, holdsPerSecond: 100, floorRequests: 50_000 },
});

let bench: Bench;
const dataDir = makeScratchFolder();
beforeAll(async () => {
	bench = await openBench({ url: undefined, workers: 2, dataDir, log: () => {} });
});
afterAll(async () => {
	await bench.close();
	rmSync(dataDir, { recursive: true, force: true });
});

it(`${CROWD.watchers} watchers of one showtime end with the same seat map as Redis although streams break`, async () => {
	expect(await watch(bench, CROWD)).toEqual([]);
});

it("the proof of the watch scenario reports watchers whose seat map differs from Redis", async () => {
	const withWrongMap: Bench = { ...bench, proof: { ...bench.proof, statuses: async () => "A".repeat(99) } };
	expect(await watch(withWrongMap, { watchers: 2, seconds: 1, holdsPerSecond: 20, floorRequests: 200 })).toEqual([
		expect.stringMatching(/^2 of 2 watchers do not have the seat map/),
	]);
});
