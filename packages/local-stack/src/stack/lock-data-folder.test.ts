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

test("a folder that a live process holds is refused, naming the process", async () => {
	const folder = scratch();
	await lockDataFolder(folder);
	await expect(lockDataFolder(folder)).rejects.toThrow(`Process ${process.pid} already runs Holdfast on ${folder}`);
});

test("a folder that was given up can be taken again", async () => {
	const folder = scratch();
	(await lockDataFolder(folder)).release();
	(await lockDataFolder(folder)).release();
});

test("a folder whose stack is being stopped is waited for", async () => {
	const folder = scratch();
	const lock = await lockDataFolder(folder);
	lock.announceEnd();
	setTimeout(lock.release, 1_500);
	const startMs = performance.now();
	await lockDataFolder(folder);
	expect(performance.now() - startMs).toBeGreaterThan(1_400);
});

test("a killed runner's folder is taken over, and what it left running is ended first", async () => {
	const folder = scratch();
	const left = spawn("sleep", ["60"]);
	const ended = once(left, "exit");
	const child = identifyProcess(left.pid ?? 0);
	writeFileSync(join(folder, "runner.json"), JSON.stringify({ runner: { pid: process.pid, began: "long ago" }, children: [child] }));
	await lockDataFolder(folder);
	expect(await ended).toEqual([null, "SIGTERM"]);
	expect(JSON.parse(readFileSync(join(folder, "runner.json"), "utf8"))).toMatchObject({ runner: { pid: process.pid }, children: [] });
});

test("a stranger that got the id of a process that is gone is left alone", async () => {
	const folder = scratch();
	const stranger = spawn("sleep", ["60"]);
	onTestFinished(() => void stranger.kill());
	writeFileSync(
		join(folder, "runner.json"),
		JSON.stringify({ runner: { pid: process.pid, began: "long ago" }, children: [{ pid: stranger.pid, began: "long ago" }] }),
	);
	await lockDataFolder(folder);
	expect(identifyProcess(stranger.pid ?? 0)).not.toBeNull();
});

test("a record that was cut short counts as none", async () => {
	const folder = scratch();
	writeFileSync(join(folder, "runner.json"), '{"runner":');
	await lockDataFolder(folder);
});
