/**
 * Start a long-lived server in the background, wait until it answers, and stop it later.
 *
 * The server gets a session of its own, so that Ctrl-C in a terminal reaches only the runner, which then stops
 * everything in the right order. Where Linux' `setpriv` exists the kernel stops the server when the runner dies without
 * a word (SIGKILL); elsewhere the next start finds its pid file (`stop-stale-server.ts`).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findOnPath } from "./find-on-path.ts";

export type ServiceSpec = {
	/** What it is called in messages. */
	readonly name: string;
	readonly command: string;
	readonly args: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
	/** Where it runs; the root folder when absent, so that it keeps no folder in use. */
	readonly cwd?: string;
	/** Everything the server prints is appended here; null shows it in the terminal instead. */
	readonly logFile: string | null;
	/** The signal that ends it cleanly. */
	readonly stopSignal: "SIGTERM" | "SIGINT";
	/** How much longer than usual it may take to end, ms. */
	readonly drainMs?: number;
	readonly uid?: number;
	readonly gid?: number;
	/** True once the server answers. Called every few milliseconds; must not throw. */
	readonly isReady: () => Promise<boolean>;
};

export type Service = {
	readonly pid: number;
	/** False from the moment the process has ended. */
	readonly isRunning: () => boolean;
	/** Send a signal; nothing happens when it has already ended. */
	readonly kill: (signal: NodeJS.Signals) => void;
	/** Resolves when the process has ended, however it ended. */
	readonly ended: Promise<void>;
	/** End it cleanly and wait; SIGKILL after a deadline. Safe to call twice. */
	readonly stop: () => Promise<void>;
};

/** Thrown when a server ends or stays silent before it is ready. `log` is what it printed. */
export class ServiceStartError extends Error {
	override readonly name = "ServiceStartError";
	readonly log: string;
	constructor(message: string, log: string) {
		super(log === "" ? message : `${message}\n${log}`);
		this.log = log;
	}
}

const READY_DEADLINE_MS = 60_000;
/** Looks again after this long, and a little later each time. */
const READY_POLL_MS = 5;
const READY_POLL_GROWTH = 1.3;
const READY_POLL_MAX_MS = 100;
const STOP_DEADLINE_MS = 20_000;
const LOG_TAIL_CHARS = 2_000;
/** A longer log is set aside at the next start, and the one set aside before it is lost. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** Resolves once `isReady` says so. Rejects with `ServiceStartError`, and leaves no process behind. */
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
			throw new ServiceStartError(`${spec.name} did not answer within ${READY_DEADLINE_MS} ms`, log?.readTail() ?? "");
		}
		await Promise.race([delay(pauseMs), service.ended]);
	}
	throw new ServiceStartError(`${spec.name} ended before it was ready`, log?.readTail() ?? "");
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
			// One that stands still hears it only when it goes on.
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
