/** The watching crowd, over two processes of the API: its proof holds. In full: 2,000 of them. */
import { rmSync } from "node:fs";
import { makeScratchFolder } from "@holdfast/local-stack";
import { howLong } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, openBench } from "../open-bench.ts";
import { watch } from "./watch.ts";

const CROWD = howLong({
	short: { watchers: 200, seconds: 5, holdsPerSecond: 100 },
	long: { watchers: 2_000, seconds: 30, holdsPerSecond: 100 },
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

it(`${CROWD.watchers} watchers of one showtime end with exactly the map in Redis, whatever streams break meanwhile`, async () => {
	expect(await watch(bench, CROWD)).toEqual([]);
});

it("finds a watcher who does not see what Redis has", async () => {
	const blind: Bench = { ...bench, proof: { ...bench.proof, statuses: async () => "A".repeat(99) } };
	expect(await watch(blind, { watchers: 2, seconds: 1, holdsPerSecond: 20 })).toEqual([
		expect.stringMatching(/^2 of 2 watchers do not see the map/),
	]);
});
