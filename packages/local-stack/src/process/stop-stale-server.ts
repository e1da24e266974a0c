/**
 * Stop a server that a killed runner left behind on a data folder, found through the pid file in that folder.
 * A pid file outlives reboots and its number may belong to a stranger by now, so the process must also work in that folder.
 */
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "./is-alive.ts";

const STOP_DEADLINE_MS = 20_000;
const POLL_MS = 20;

/** Resolves when no server works in `folder` any more and its pid file is gone. */
export async function stopStaleServer(pidFile: string, folder: string, stopSignal: NodeJS.Signals): Promise<void> {
	if (!existsSync(pidFile)) return;
	const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10);
	if (worksIn(pid, folder)) {
		process.kill(pid, stopSignal);
		const deadline = Date.now() + STOP_DEADLINE_MS;
		while (worksIn(pid, folder)) {
			if (Date.now() > deadline) process.kill(pid, "SIGKILL");
			await delay(POLL_MS);
		}
	}
	rmSync(pidFile, { force: true });
}

function worksIn(pid: number, folder: string): boolean {
	if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return false;
	if (process.platform !== "linux") return true;
	try {
		return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
	} catch {
		return false; // it ended between two looks, or belongs to another user
	}
}
