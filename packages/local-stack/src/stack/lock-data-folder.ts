/**
 * Allows one stack per data folder. `runner.json` in the folder names the process that runs the stack (the runner) and the processes
 * it started. If the runner was killed, the next runner stops the processes that are still running.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isStillRunning, type ProcessIdentity } from "../process/identify-process.ts";

/** A locked data folder. */
export type DataFolderLock = {
	/** Records a process that the next runner must stop if this runner is killed. */
	readonly addChild: (pid: number) => void;
	/** Records that the stack is stopping: the next runner waits for it instead of failing. Safe to call twice. */
	readonly announceEnd: () => void;
	/** Releases the folder. Safe to call twice. */
	readonly release: () => void;
};

const END_DEADLINE_MS = 15_000;
const POLL_MS = 20;
/** Waits this long for a runner to exit: after a Ctrl-C npm exits at once, and its child process a moment later. */
const EXIT_GRACE_MS = 1_000;
/** Longer than the stop deadlines of all parts together. */
const STOPPING_DEADLINE_MS = 60_000;

/**
 * Resolves to the lock of the folder, which is created when missing. First stops the processes of a killed runner. Rejects when
 * another process runs a stack on this folder and is not stopping; the message names the process.
 */
export async function lockDataFolder(dataDir: string): Promise<DataFolderLock> {
	mkdirSync(dataDir, { recursive: true });
	const file = join(dataDir, "runner.json");
	const previous = await waitForPreviousRunner(file, dataDir);
	for (const child of previous?.children ?? []) await stopOrphan(child);
	const runner = identifyProcess(process.pid);
	if (runner === null) throw new Error("cannot read the start time of this process");
	const children: ProcessIdentity[] = [];
	let isEnding = false;
	const write = () => {
		// Written to a temporary file and renamed, so that a killed runner cannot leave a truncated file.
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

/** Resolves to the record of the previous runner once that runner has ended; to null when there is no record. */
async function waitForPreviousRunner(file: string, dataDir: string): Promise<RunnerRecord | null> {
	const startMs = Date.now();
	for (;;) {
		const record = readRecord(file);
		if (record === null || !isStillRunning(record.runner)) return record;
		if (Date.now() - startMs > (record.isEnding ? STOPPING_DEADLINE_MS : EXIT_GRACE_MS)) {
			throw new Error(
				`Process ${record.runner.pid} already runs Holdfast in ${dataDir}. Nothing was started. Stop that process first ` +
					`(Ctrl-C in its terminal, or: kill ${record.runner.pid}), or use another data folder and port: DATA_DIR=.data-2 PORT=4001 npm start`,
			);
		}
		await delay(POLL_MS);
	}
}

async function stopOrphan(child: ProcessIdentity): Promise<void> {
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
		return null; // truncated by a power failure, after which none of its processes can still run
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
