/** Checks whether a process runs. */
import { readFileSync } from "node:fs";

/** Whether a process with this id runs, under any user. A zombie (ended, but not yet reaped by its parent) does not count. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
	} catch (error) {
		return error instanceof Error && "code" in error && error.code === "EPERM";
	}
	return !isZombie(pid);
}

function isZombie(pid: number): boolean {
	if (process.platform !== "linux") return false;
	try {
		return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
	} catch {
		return true;
	}
}
