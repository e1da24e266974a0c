/**
 * One stack per data folder. The folder's `runner.json` names the process that runs the stack and the processes it
 * started that could outlive it; a stack whose runner was killed is cleaned up by the next one.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isStillRunning, type ProcessIdentity } from "../process/identify-process.ts";

export type DataFolderLock = {
	/** Note a process that the next stack must end should this runner be killed. */
	readonly addChild: (pid: number) => void;
	/** Say that everything is being stopped: the next stack waits for the end of it. Safe to call twice. */
	readonly announceEnd: () => void;
	/** Give the folder up. Safe to call twice. */
	readonly release: () => void;
};

const END_DEADLINE_MS = 15_000;
const POLL_MS = 20;
/** npm ends at once when it is told to; the runner under it hears of that a moment later. */
const SECOND_THOUGHTS_MS = 1_000;
/** No stack takes longer to stop than all the deadlines of its parts. */
const STOPPING_DEADLINE_MS = 60_000;

/** Rejects, saying who, when another live process runs a stack on this folder and goes on doing so. */
export async function lockDataFolder(dataDir: string): Promise<DataFolderLock> {
	mkdirSync(dataDir, { recursive: true });
	const file = join(dataDir, "runner.json");
	const left = await readLeftRecord(file, dataDir);
	for (const child of left?.children ?? []) await endLeftOver(child);
	const runner = identifyProcess(process.pid);
	if (runner === null) throw new Error("cannot identify the running process");
	const children: ProcessIdentity[] = [];
	let isEnding = false;
	const write = () => {
		// Replaced as a whole: a runner that is killed while it writes must not leave half a record.
		writeFileSync(`${file}.new`, JSON.stringify({ runner, children, isEnding }));
		renameSync(`${file}.new`, file);
	};
	rmSync(file, { force: true });
	write();
	return {
		addChild(pid) {
			const child = identifyProcess(pid);
			if (child === null) return;
			children.splice(0, children.length, ...children.filter(isStillRunning), child);
			write();
		},
		announceEnd() {
			if (isEnding) return;
			isEnding = true;
			write();
		},
		release() {
			if (readRecord(file)?.runner.pid === process.pid) rmSync(file, { force: true });
		},
	};
}

/** What the last runner left, once it has ended; null when there was none or it left nothing. */
async function readLeftRecord(file: string, dataDir: string): Promise<RunnerRecord | null> {
	const startMs = Date.now();
	for (;;) {
		const left = readRecord(file);
		if (left === null || !isStillRunning(left.runner)) return left;
		if (Date.now() - startMs > (left.isEnding ? STOPPING_DEADLINE_MS : SECOND_THOUGHTS_MS)) {
			throw new Error(
				`Process ${left.runner.pid} already runs Holdfast on ${dataDir}. Stop it first (Ctrl-C there, or: kill ${left.runner.pid}), ` +
					"or use another data folder and port: DATA_DIR=.data-2 PORT=4001 npm start",
			);
		}
		await delay(POLL_MS);
	}
}

async function endLeftOver(child: ProcessIdentity): Promise<void> {
	if (isStillRunning(child)) process.kill(child.pid, "SIGTERM");
	const deadline = Date.now() + END_DEADLINE_MS;
	while (isStillRunning(child)) {
		if (Date.now() > deadline) process.kill(child.pid, "SIGKILL");
		await delay(POLL_MS);
	}
}

type RunnerRecord = { readonly runner: ProcessIdentity; readonly children: readonly ProcessIdentity[]; readonly isEnding: boolean };

function readRecord(file: string): RunnerRecord | null {
	if (!existsSync(file)) return null;
	try {
		const record: unknown = JSON.parse(readFileSync(file, "utf8"));
		if (typeof record !== "object" || record === null || !("runner" in record) || !("children" in record)) return null;
		const { runner, children } = record;
		if (!isIdentity(runner) || !Array.isArray(children)) return null;
		return { runner, children: children.filter(isIdentity), isEnding: "isEnding" in record && record.isEnding === true };
	} catch {
		return null; // cut short by a power failure: nothing can run from before it
	}
}

function isIdentity(value: unknown): value is ProcessIdentity {
	return (
		typeof value === "object" &&
		value !== null &&
		"pid" in value &&
		typeof value.pid === "number" &&
		"began" in value &&
		typeof value.began === "string"
	);
}
