import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeScratchFolder } from "../make-scratch-folder.ts";
import { REDIS_FLAGS } from "./redis-flags.ts";
import { sendInlineCommand } from "./send-inline-command.ts";
import { type RedisOptions, type RunningRedis, startRedis } from "./start-redis.ts";

const dataDir = makeScratchFolder();
const started: RunningRedis[] = [];

async function start(options: Omit<RedisOptions, "dataDir"> & { readonly folder?: string } = {}): Promise<RunningRedis> {
	const { folder = "single", ...rest } = options;
	const redis = await startRedis({ ...rest, dataDir: join(dataDir, folder) });
	started.push(redis);
	return redis;
}

afterEach(async () => {
	for (const redis of started.splice(0)) await redis.stop();
	rmSync(dataDir, { recursive: true, force: true });
});

test("startRedis runs a server with every flag of REDIS_FLAGS", async () => {
	const redis = await start();
	for (const [flag, value] of REDIS_FLAGS) {
		expect.soft(await sendInlineCommand(redis.port, `CONFIG GET ${flag}`, 5)).toBe(`*2|$${flag.length}|${flag}|$${value.length}|${value}`);
	}
});

test("an acknowledged write survives kill -9 and a new start on the same data folder", async () => {
	const first = await start();
	expect(await sendInlineCommand(first.port, "SET kept yes")).toBe("+OK");
	first.kill("SIGKILL");
	await first.ended;
	const second = await start();
	expect(await sendInlineCommand(second.port, "STRLEN kept")).toBe(":3");
});

test("a second start on a data folder stops the server that still runs on it", async () => {
	const orphan = await start();
	const next = await start();
	expect(orphan.isRunning()).toBe(false);
	expect(await sendInlineCommand(next.port, "PING")).toBe("+PONG");
});

test("a cluster of one node owns every slot", async () => {
	const redis = await start({ folder: "cluster", cluster: true });
	expect(await sendInlineCommand(redis.port, "SET any yes")).toBe("+OK");
});

test("a ready replica has the data of its primary, runs with the same flags, and is counted by WAIT", async () => {
	const primary = await start();
	await sendInlineCommand(primary.port, "SET before yes");
	const replica = await start({ folder: "replica", replicaOf: primary });
	expect(await sendInlineCommand(replica.port, "STRLEN before")).toBe(":3");
	expect(await sendInlineCommand(replica.port, "CONFIG GET appendfsync", 5)).toBe("*2|$11|appendfsync|$6|always");
	expect(await sendInlineCommand(primary.port, "SET after yes\r\nWAIT 1 1900", 2)).toBe("+OK|:1");
});
