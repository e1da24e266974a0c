import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeScratchFolder } from "../make-scratch-folder.ts";
import { identifyProcess } from "../process/identify-process.ts";
import { lockDataFolder } from "./lock-data-folder.ts";

function scratch(): string {
	const folder = makeScratchFolder();
	onTestFinished(() => rmSync(folder, { recursive: true }));
	return folder;
}

test("locking a folder that a running process has locked fails and names the process", async () => {
	const folder = scratch();
	await lockDataFolder(folder);
	await expect(lockDataFolder(folder)).rejects.toThrow(`Process ${process.pid} already runs Holdfast in ${folder}`);
});

test("a released folder can be locked again", async () => {
	const folder = scratch();
	(await lockDataFolder(folder)).release();
	(await lockDataFolder(folder)).release();
});

test("locking a folder waits until the stack that is stopping there has released it", async () => {
	const folder = scratch();
	const lock = await lockDataFolder(folder);
	lock.announceEnd();
	setTimeout(lock.release, 1_500);
	const startMs = performance.now();
	await lockDataFolder(folder);
	expect(performance.now() - startMs).toBeGreaterThan(1_400);
});

test("locking the folder of a killed runner first stops the processes that it left running", async () => {
	const folder = scratch();
	const orphan = spawn("sleep", ["60"]);
	const ended = once(orphan, "exit");
	const child = identifyProcess(orphan.pid ?? 0);
	writeFileSync(join(folder, "runner.json"), JSON.stringify({ runner: { pid: process.pid, began: "long ago" }, children: [child] }));
	await lockDataFolder(folder);
	expect(await ended).toEqual([null, "SIGTERM"]);
	expect(JSON.parse(readFileSync(join(folder, "runner.json"), "utf8"))).toMatchObject({ runner: { pid: process.pid }, children: [] });
});

test("an unrelated process that reuses the id of an ended child is not stopped", async () => {
	const folder = scratch();
	const unrelated = spawn("sleep", ["60"]);
	onTestFinished(() => void unrelated.kill());
	writeFileSync(
		join(folder, "runner.json"),
		JSON.stringify({ runner: { pid: process.pid, began: "long ago" }, children: [{ pid: unrelated.pid, began: "long ago" }] }),
	);
	await lockDataFolder(folder);
	expect(identifyProcess(unrelated.pid ?? 0)).not.toBeNull();
});

test("a truncated runner.json does not keep a folder locked", async () => {
	const folder = scratch();
	writeFileSync(join(folder, "runner.json"), '{"runner":');
	await lockDataFolder(folder);
});
