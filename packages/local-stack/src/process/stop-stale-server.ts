/**
 * Stops a server that still runs on a data folder after its runner was killed, found through the pid file in that folder. A pid file
 * survives a reboot, and another process may have the id by now: only a process whose working directory is that folder is stopped.
 */
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "./is-alive.ts";

const STOP_DEADLINE_MS = 20_000;
const POLL_MS = 20;

/** Resolves when no server runs in `folder` and the pid file is deleted. Safe to call when there is neither. */
export async function stopStaleServer(pidFile: string, folder: string, stopSignal: NodeJS.Signals): Promise<void> {
	if (!existsSync(pidFile)) return;
	const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10);
	if (runsIn(pid, folder)) {
		process.kill(pid, stopSignal);
		const deadline = Date.now() + STOP_DEADLINE_MS;
		while (runsIn(pid, folder)) {
			if (Date.now() > deadline) process.kill(pid, "SIGKILL");
			await delay(POLL_MS);
		}
	}
	rmSync(pidFile, { force: true });
}

function runsIn(pid: number, folder: string): boolean {
	if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return false;
	if (process.platform !== "linux") return true;
	try {
		return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
	} catch {
		return false; // the process ended meanwhile, or belongs to another user
	}
}
