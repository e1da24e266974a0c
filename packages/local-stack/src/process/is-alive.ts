/** Whether a process with this id exists, ours or not. A zombie that waits for its parent counts as gone. */
import { readFileSync } from "node:fs";

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
