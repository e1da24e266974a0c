/** No process starts on a Redis that holds keys of the older layout. */
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { startTestRedis } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { findReasonNeverToWork, findReasonNotToStart } from "./durability-settings.ts";
import { OLD_LAYOUT_KEYS } from "./keys.ts";
import { openTestStore } from "./testing/open-test-store.ts";

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
beforeAll(async () => {
	server = await startTestRedis();
	redis = new Redis(server.url);
});
afterEach(() => redis.flushall());
afterAll(async () => {
	redis.disconnect();
	await server.stop();
});

const ask = () => findReasonNotToStart({ url: server.url, limits: DEFAULT_LIMITS });

it.each([...OLD_LAYOUT_KEYS].slice(-3))("a Redis that holds %s is refused with one sentence that says what to do", async (key) => {
	await redis.set(key, "1");
	const reason = await ask();
	expect(reason).toContain(`older layout (${key})`);
	expect(reason).toContain("DATA_DIR=.data-new npm start");
	expect(reason).not.toContain("\n");
	expect(await findReasonNeverToWork({ url: server.url, limits: DEFAULT_LIMITS })).toBe(reason);
});

it("an empty Redis, and one that this version has used, are accepted", async () => {
	expect(await ask()).toBeNull();
	const test = await openTestStore();
	await test.openShowtime();
	expect(await findReasonNotToStart({ url: test.server.url, limits: DEFAULT_LIMITS })).toBeNull();
	await test.stop();
});
