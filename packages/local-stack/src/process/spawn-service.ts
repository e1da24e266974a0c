/**
 * Starts a server in the background, waits until it answers, and stops it later.
 *
 * The server gets its own session, so that Ctrl-C in a terminal reaches only the runner, which then stops everything in the right
 * order. Where Linux has `setpriv`, the kernel stops the server when the runner is killed with SIGKILL. Elsewhere the next start
 * stops the server through its pid file (`stop-stale-server.ts`).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findOnPath } from "./find-on-path.ts";

/** What `spawnService` starts, and how. */
export type ServiceSpec = {
	/** The name of the server in messages. */
	readonly name: string;
	readonly command: string;
	readonly args: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
	/** The working directory; `/` when absent, so that the server keeps no other folder in use. */
	readonly cwd?: string;
	/** The output of the server is appended to this file; null shows it in the terminal instead. */
	readonly logFile: string | null;
	/** The signal on which the server shuts down cleanly. */
	readonly stopSignal: "SIGTERM" | "SIGINT";
	/** Added to the 20 s that a stop may take before SIGKILL, in ms. */
	readonly drainMs?: number;
	readonly uid?: number;
	readonly gid?: number;
	/** Resolves to true once the server answers. Called every few milliseconds; must not reject. */
	readonly isReady: () => Promise<boolean>;
};

/** A started server process. */
export type Service = {
	readonly pid: number;
	/** False as soon as the process has ended. */
	readonly isRunning: () => boolean;
	/** Sends a signal; does nothing when the process has ended. */
	readonly kill: (signal: NodeJS.Signals) => void;
	/** Resolves when the process has ended for any reason. */
	readonly ended: Promise<void>;
	/** Shuts the server down and resolves when it has ended; sends SIGKILL after a deadline. Safe to call twice. */
	readonly stop: () => Promise<void>;
};

/** Thrown when a server exits, or does not answer in time, before it is ready. `log` is the end of its output. */
export class ServiceStartError extends Error {
	override readonly name = "ServiceStartError";
	readonly log: string;
	constructor(message: string, log: string) {
		super(log === "" ? message : `${message}\n${log}`);
		this.log = log;
	}
}

const READY_DEADLINE_MS = 60_000;
/** The first pause between two calls of `isReady`; every further pause is longer. */
const READY_POLL_MS = 5;
const READY_POLL_GROWTH = 1.3;
const READY_POLL_MAX_MS = 100;
const STOP_DEADLINE_MS = 20_000;
const LOG_TAIL_CHARS = 2_000;
/** A longer log is renamed to `<file>.1` at the next start, which replaces an older file of that name. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** Resolves once `isReady` resolves to true. Otherwise rejects with `ServiceStartError`, and no process is left running. */
export async function spawnService(spec: ServiceSpec): Promise<Service> {
	const log = spec.logFile === null ? null : openLog(spec.logFile);
	const { uid, gid } = spec;
	const [command, args] = withParentDeathSignal(spec);
	const child = spawn(command, args, {
		cwd: spec.cwd ?? "/",
		detached: true,
		stdio: ["ignore", log?.descriptor ?? "inherit", log?.descriptor ?? "inherit"],
		env: spec.env ?? {},
		...(uid === undefined ? {} : { uid }),
		...(gid === undefined ? {} : { gid }),
	});
	if (log !== null) closeSync(log.descriptor);
	const service = watchChild(child, spec.stopSignal, STOP_DEADLINE_MS + (spec.drainMs ?? 0));
	const deadline = Date.now() + READY_DEADLINE_MS;
	for (let pauseMs = READY_POLL_MS; service.isRunning(); pauseMs = Math.min(pauseMs * READY_POLL_GROWTH, READY_POLL_MAX_MS)) {
		if (await spec.isReady()) return service;
		if (Date.now() > deadline) {
			await service.stop();
			throw new ServiceStartError(`${spec.name} was not ready after ${READY_DEADLINE_MS} ms`, log?.readTail() ?? "");
		}
		await Promise.race([delay(pauseMs), service.ended]);
	}
	throw new ServiceStartError(`${spec.name} exited before it was ready`, log?.readTail() ?? "");
}

function withParentDeathSignal(spec: ServiceSpec): [string, string[]] {
	const setpriv = process.platform === "linux" ? findOnPath("setpriv") : null;
	if (setpriv === null) return [spec.command, [...spec.args]];
	return [setpriv, ["--pdeathsig", spec.stopSignal.slice("SIG".length), spec.command, ...spec.args]];
}

function watchChild(child: ChildProcess, stopSignal: NodeJS.Signals, stopDeadlineMs: number): Service {
	let running = true;
	const ended = new Promise<void>((resolve) => {
		const end = () => {
			running = false;
			resolve();
		};
		child.once("exit", end);
		child.once("error", end);
	});
	const kill = (signal: NodeJS.Signals) => {
		if (running) child.kill(signal);
	};
	return {
		pid: child.pid ?? -1,
		isRunning: () => running,
		kill,
		ended,
		async stop() {
			kill(stopSignal);
			// A paused process (SIGSTOP) handles the stop signal only after SIGCONT.
			kill("SIGCONT");
			const timer = setTimeout(() => kill("SIGKILL"), stopDeadlineMs);
			await ended;
			clearTimeout(timer);
		},
	};
}

type ServiceLog = { readonly descriptor: number; readonly readTail: () => string };

function openLog(file: string): ServiceLog {
	mkdirSync(dirname(file), { recursive: true });
	if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
	const descriptor = openSync(file, "a");
	const start = statSync(file).size;
	return { descriptor, readTail: () => readFileSync(file).subarray(start).toString("utf8").slice(-LOG_TAIL_CHARS).trim() };
}
