/**
 * Reads the processor time of a stack's processes from `/proc/<pid>/stat`. On a shared machine it varies less than a request rate,
 * because a process that waits for a core uses none. Linux only.
 */
import { readFileSync } from "node:fs";

/** The processes that are measured separately. Each includes its child processes: API workers, PostgreSQL backends. */
export const ROLES = ["api", "redis", "sweeper", "postgres", "floor"] as const;
/** One of the measured processes. */
export type Role = (typeof ROLES)[number];

/** Microseconds since each role's processes started, by role. */
export type ProcessorTime = Readonly<Record<Role, number>>;
/** The process id of each role. */
export type RolePids = Readonly<Record<Role, number>>;

/** The kernel counts in ticks of 10 ms (`getconf CLK_TCK` is 100 on every Linux that Node runs on). */
const MICROSECONDS_PER_TICK = 10_000;
/** Fields of `/proc/<pid>/stat` behind the command: utime, stime, and those of children that have ended (proc(5), fields 14 to 17). */
const FIRST_TIME_FIELD = 11;
const TIME_FIELDS = 4;

/** Returns the processor time of every role since its start. A child that has ended is included in the time of its parent. */
export function readProcessorTime(pids: RolePids): ProcessorTime {
	return byRole((role) => ticksOf(pids[role]) * MICROSECONDS_PER_TICK);
}

/** Returns the processor time of every role between two readings, in microseconds. */
export function spentBetween(before: ProcessorTime, after: ProcessorTime): ProcessorTime {
	return byRole((role) => after[role] - before[role]);
}

/** Returns one value per role. */
export function byRole(timeOf: (role: Role) => number): ProcessorTime {
	return {
		api: timeOf("api"),
		redis: timeOf("redis"),
		sweeper: timeOf("sweeper"),
		postgres: timeOf("postgres"),
		floor: timeOf("floor"),
	};
}

function ticksOf(pid: number): number {
	const stat = readProc(`${pid}/stat`);
	// The command is in parentheses and may contain parentheses.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const own = fields.slice(FIRST_TIME_FIELD, FIRST_TIME_FIELD + TIME_FIELDS).reduce((sum, ticks) => sum + Number(ticks), 0);
	const children = readProc(`${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean);
	return children.reduce((sum, child) => sum + ticksOf(Number(child)), own);
}

/** Returns an empty text for a process that has ended meanwhile: its time is included in that of its parent by then. */
function readProc(path: string): string {
	try {
		return readFileSync(`/proc/${path}`, "utf8");
	} catch {
		return "";
	}
}
