import { sendInlineCommand } from "@holdfast/local-stack";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "./start-test-redis.ts";

let primary: TestRedis;
let replica: TestRedis;

beforeAll(async () => {
	primary = await startTestRedis();
	replica = await startTestRedis({ replicaOf: primary });
});
afterAll(async () => {
	await replica.stop();
	await primary.stop();
});
beforeEach(async () => {
	expect(await setAndWait("written", 1_900)).toBe("+OK|:1");
});

/** On one connection: WAIT speaks of what its own connection wrote. */
const setAndWait = (key: string, waitMs: number) => sendInlineCommand(primary.port, `SET ${key} yes\r\nWAIT 1 ${waitMs}`, 2);

const roleOf = (redis: TestRedis) => sendInlineCommand(redis.port, "ROLE", 3);

test("a replica that stands still answers nobody and counts for no WAIT, and has everything once it goes on", async () => {
	replica.pause();
	expect(await setAndWait("meanwhile", 100)).toBe("+OK|:0");
	expect(await sendInlineCommand(replica.port, "PING")).toBe(null);
	replica.resume();
	expect(await setAndWait("afterwards", 1_900)).toBe("+OK|:1");
	expect(await sendInlineCommand(replica.port, "STRLEN meanwhile")).toBe(":3");
});

test("a replica follows its primary over a restart of its own", async () => {
	await replica.kill();
	await replica.restart();
	expect(await roleOf(replica)).toBe("*5|$5|slave");
	expect(await sendInlineCommand(replica.port, "STRLEN written")).toBe(":3");
});

test("cut off, a replica has what it had and nothing that came later", async () => {
	await replica.cutOff();
	expect(await setAndWait("later", 100)).toBe("+OK|:0");
	expect(await sendInlineCommand(replica.port, "STRLEN written")).toBe(":3");
	expect(await sendInlineCommand(replica.port, "STRLEN later")).toBe(":0");
	await replica.follow(primary.port);
	expect(await sendInlineCommand(replica.port, "STRLEN later")).toBe(":3");
});

test("promoted, it takes writes with what it had, also after a restart; its old primary goes on alone, and may follow it", async () => {
	await replica.promote();
	expect(await sendInlineCommand(replica.port, "SET after yes")).toBe("+OK");
	expect(await setAndWait("alone", 100)).toBe("+OK|:0");
	expect(await sendInlineCommand(primary.port, "STRLEN after")).toBe(":0");
	await replica.restart();
	expect(await roleOf(replica)).toBe("*3|$6|master");
	expect(await sendInlineCommand(replica.port, "STRLEN written")).toBe(":3");
	await primary.follow(replica.port);
	expect(await sendInlineCommand(primary.port, "STRLEN after")).toBe(":3");
	await primary.promote();
	await replica.follow(primary.port);
});

test("one that stands still can be stopped", async () => {
	const other = await startTestRedis();
	other.pause();
	await other.stop();
	expect(await sendInlineCommand(other.port, "PING")).toBe(null);
});
