/**
 * Identifies a process by its id and its start time, because the system reuses ids. Needed for ids in files: a file may outlive the
 * process and a reboot.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isAlive } from "./is-alive.ts";

/** `began` is the start time in a form that is only good for comparison. */
export type ProcessIdentity = { readonly pid: number; readonly began: string };

/** Returns the identity of a running process, or null when no process has this id. */
export function identifyProcess(pid: number): ProcessIdentity | null {
	if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
	try {
		return { pid, began: process.platform === "linux" ? startTimeOnLinux(pid) : startTimeElsewhere(pid) };
	} catch {
		return null; // the process ended after the check above
	}
}

/** Whether the same process still runs, and not a later one with its id. */
export function isStillRunning(known: ProcessIdentity): boolean {
	return identifyProcess(known.pid)?.began === known.began;
}

/**
 * Returns the id of this boot and the clock ticks from boot to the start of the process. That is the 22nd field of stat; fields are
 * counted after the process name, because the name may contain spaces.
 */
function startTimeOnLinux(pid: number): string {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
	return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${ticks}`;
}

function startTimeElsewhere(pid: number): string {
	return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
}
