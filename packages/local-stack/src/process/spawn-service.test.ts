import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { makeScratchFolder } from "../make-scratch-folder.ts";
import { findOnPath } from "./find-on-path.ts";
import { isAlive } from "./is-alive.ts";
import { spawnService } from "./spawn-service.ts";

function scratch(): string {
	const folder = makeScratchFolder();
	onTestFinished(() => rmSync(folder, { recursive: true }));
	return folder;
}

test("the error for a server that ends before it is ready has the output of this start only", async () => {
	const logFile = join(scratch(), "server.log");
	const start = (output: string) =>
		spawnService({
			name: "The server",
			command: "/bin/sh",
			args: ["-c", `echo ${output}; exit 1`],
			logFile,
			stopSignal: "SIGTERM",
			isReady: async () => false,
		});
	await expect(start("first")).rejects.toThrow(/exited before it was ready\nfirst$/);
	await expect(start("second")).rejects.toThrow(/exited before it was ready\nsecond$/);
	expect(readFileSync(logFile, "utf8")).toBe("first\nsecond\n");
});

test("spawnService rejects when the command of the server does not exist", async () => {
	const start = spawnService({
		name: "The server",
		command: "/nowhere/server",
		args: [],
		logFile: join(scratch(), "server.log"),
		stopSignal: "SIGTERM",
		isReady: async () => false,
	});
	await expect(start).rejects.toThrow("The server exited before it was ready");
});

test.runIf(process.platform === "linux" && findOnPath("setpriv") !== null)("a server ends when its runner is killed", async () => {
	const source = `
		const { spawnService } = await import(${JSON.stringify(new URL("spawn-service.ts", import.meta.url).href)});
		const { pid } = await spawnService({
			name: "sleep", command: "/bin/sleep", args: ["60"], logFile: null, stopSignal: "SIGTERM", isReady: async () => true,
		});
		console.log(pid);
		process.kill(process.pid, "SIGKILL");`;
	const runner = execFile(process.execPath, ["--input-type=module", "--eval", source]);
	let printed = "";
	runner.stdout?.on("data", (chunk) => {
		printed += String(chunk);
	});
	const [, signal] = await once(runner, "exit");
	expect(signal).toBe("SIGKILL");
	const pid = Number(printed);
	expect(pid).toBeGreaterThan(1);
	while (isAlive(pid)) await delay(10);
});
