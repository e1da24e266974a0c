/**
 * Tell a process from a later one that got the same id: an id together with the moment its process began. Needed for
 * ids that were written to a file, which may outlive both the process and the machine's uptime.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isAlive } from "./is-alive.ts";

export type ProcessIdentity = { readonly pid: number; readonly began: string };

/** Null when no such process runs. */
export function identifyProcess(pid: number): ProcessIdentity | null {
	if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
	try {
		return { pid, began: process.platform === "linux" ? beganOnLinux(pid) : beganElsewhere(pid) };
	} catch {
		return null; // it ended between two looks
	}
}

/** Whether the process that was written down still runs. */
export function isStillRunning(known: ProcessIdentity): boolean {
	return identifyProcess(known.pid)?.began === known.began;
}

/** Boot and clock ticks since then: the 22nd field of stat, counted from behind the name, which may hold spaces. */
function beganOnLinux(pid: number): string {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
	return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${ticks}`;
}

function beganElsewhere(pid: number): string {
	return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
}
