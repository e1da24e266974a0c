/**
 * Processor time of a stack's processes, from `/proc/<pid>/stat`. On a shared machine it is steadier than any rate: a process
 * that waits for a core spends none. Linux only.
 */
import { readFileSync } from "node:fs";

/** The processes that are told apart. Each counts with all its children: API workers, PostgreSQL backends. */
export const ROLES = ["api", "redis", "sweeper", "postgres", "floor"] as const;
export type Role = (typeof ROLES)[number];

/** Microseconds since each role's processes started, by role. */
export type ProcessorTime = Readonly<Record<Role, number>>;
/** The root process of each role. */
export type RolePids = Readonly<Record<Role, number>>;

/** The kernel counts in ticks of 10 ms (`getconf CLK_TCK` is 100 on every Linux that Node runs on). */
const MICROSECONDS_PER_TICK = 10_000;
/** Fields of `/proc/<pid>/stat` behind the command: utime, stime, and those of children that have ended (proc(5), fields 14 to 17). */
const FIRST_TIME_FIELD = 11;
const TIME_FIELDS = 4;

/** What the processes of every role have spent so far. A child that ended stays counted, through its parent. */
export function readProcessorTime(pids: RolePids): ProcessorTime {
	return byRole((role) => ticksOf(pids[role]) * MICROSECONDS_PER_TICK);
}

/** What every role spent between two readings, in microseconds. */
export function spentBetween(before: ProcessorTime, after: ProcessorTime): ProcessorTime {
	return byRole((role) => after[role] - before[role]);
}

/** One value per role. */
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
	// The command stands in parentheses and may itself contain some.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const own = fields.slice(FIRST_TIME_FIELD, FIRST_TIME_FIELD + TIME_FIELDS).reduce((sum, ticks) => sum + Number(ticks), 0);
	const children = readProc(`${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean);
	return children.reduce((sum, child) => sum + ticksOf(Number(child)), own);
}

/** Empty for a process that has ended between two looks: its parent has its time by then. */
function readProc(path: string): string {
	try {
		return readFileSync(`/proc/${path}`, "utf8");
	} catch {
		return "";
	}
}
