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

/** Sends SET and WAIT over one connection, because WAIT counts replicas only for the writes of its own connection. */
const setAndWait = (key: string, waitMs: number) => sendInlineCommand(primary.port, `SET ${key} yes\r\nWAIT 1 ${waitMs}`, 2);

const roleOf = (redis: TestRedis) => sendInlineCommand(redis.port, "ROLE", 3);

test("a paused replica answers no command and counts for no WAIT, and catches up once it resumes", async () => {
	replica.pause();
	expect(await setAndWait("meanwhile", 100)).toBe("+OK|:0");
	expect(await sendInlineCommand(replica.port, "PING")).toBe(null);
	replica.resume();
	expect(await setAndWait("afterwards", 1_900)).toBe("+OK|:1");
	expect(await sendInlineCommand(replica.port, "STRLEN meanwhile")).toBe(":3");
});

test("a replica follows its primary again after the replica restarts", async () => {
	await replica.kill();
	await replica.restart();
	expect(await roleOf(replica)).toBe("*5|$5|slave");
	expect(await sendInlineCommand(replica.port, "STRLEN written")).toBe(":3");
});

test("a replica that is cut off keeps its data and receives no later write", async () => {
	await replica.cutOff();
	expect(await setAndWait("later", 100)).toBe("+OK|:0");
	expect(await sendInlineCommand(replica.port, "STRLEN written")).toBe(":3");
	expect(await sendInlineCommand(replica.port, "STRLEN later")).toBe(":0");
	await replica.follow(primary.port);
	expect(await sendInlineCommand(replica.port, "STRLEN later")).toBe(":3");
});

test("a promoted replica keeps its data and accepts writes, also after a restart, and its old primary can follow it", async () => {
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

test("a paused server can be stopped", async () => {
	const other = await startTestRedis();
	other.pause();
	await other.stop();
	expect(await sendInlineCommand(other.port, "PING")).toBe(null);
});
