import { DEFAULT_LIMITS, listBuckets } from "@holdfast/domain";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { startTestRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startHeartbeat } from "./start-heartbeat.ts";

let server: Awaited<ReturnType<typeof startTestRedis>>;
let seatStore: SeatStore;
beforeAll(async () => {
	server = await startTestRedis();
	seatStore = createSeatStore({ url: server.url, limits: DEFAULT_LIMITS });
});
afterAll(async () => {
	await seatStore.close();
	await server.stop();
});

const deps = (store: SeatStore) => ({ seatStore: store, limits: DEFAULT_LIMITS });

it("writes a heartbeat to every bucket, and the heartbeats expire after `stop`", async () => {
	expect(await seatStore.listBucketsWithoutHeartbeat()).toEqual(listBuckets(DEFAULT_LIMITS));
	const stop = startHeartbeat(deps(seatStore));
	await waitUntil("every bucket to have a heartbeat", async () => (await seatStore.listBucketsWithoutHeartbeat()).length === 0);
	stop();
	await waitUntil(
		"the heartbeats of all buckets to expire",
		async () => (await seatStore.listBucketsWithoutHeartbeat()).length === DEFAULT_LIMITS.buckets,
	);
});

it("a bucket whose server does not answer or rejects the call does not delay the heartbeat of other buckets", async () => {
	const writtenTo: number[] = [];
	const stop = startHeartbeat(
		deps({
			...seatStore,
			writeHeartbeat(bucket, ttlMs) {
				if (bucket === 3) return new Promise(() => {});
				if (bucket === 4) return Promise.reject(new Error("no server"));
				if (bucket === 5) writtenTo.push(bucket);
				return seatStore.writeHeartbeat(bucket, ttlMs);
			},
		}),
	);
	await waitUntil("several heartbeats", async () => writtenTo.length >= 4);
	expect(await seatStore.listBucketsWithoutHeartbeat()).toEqual([3, 4]);
	stop();
});
