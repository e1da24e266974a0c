/** Starts the two apps of the product: the API and the sweeper. Environment variables are their only configuration. */
import { setTimeout as delay } from "node:timers/promises";
import { type Service, spawnService } from "../process/spawn-service.ts";
import { REPOSITORY_ROOT } from "../repository.ts";
import type { Part } from "./define-part.ts";
import { findProgram } from "./find-program.ts";

/** Options of both apps. */
export type AppOptions = {
	/** The complete environment of the process; for the API, HOST and PORT are added. */
	readonly env: NodeJS.ProcessEnv;
	/** The file for the output of the app; null shows the output in the terminal. */
	readonly logFile: string | null;
	/** Restart the app whenever one of its source files changes. */
	readonly watch: boolean;
};

/** Timeout of one request to `/health`. */
const HEALTH_REQUEST_TIMEOUT_MS = 2_500;
const HEALTH_POLL_MS = 50;
/** How long the API and the sweeper may take until health is `ok`. */
const STARTUP_TIMEOUT_MS = 60_000;

/** Resolves to the process when the API can take bookings. Rejects with `ServiceStartError` if it exits before that, or after 60 s. */
export function startApi(options: AppOptions, host: string, port: number): Promise<Service> {
	return spawnService({
		...commandOf("apps/api/src/server.ts", options),
		name: "The API",
		env: { ...options.env, HOST: host, PORT: String(port) },
		drainMs: Number(options.env.DRAIN_MS) || 0,
		isReady: async () => (await askHealth(originOf(host, port))) !== null,
	});
}

/**
 * Resolves to the process as soon as it was spawned. Does not wait for the sweeper to work, and does not notice when it exits: call
 * `waitForHealth` for that. Rejects when the log file cannot be opened.
 */
export function startSweeper(options: AppOptions): Promise<Service> {
	return spawnService({ ...commandOf("apps/sweeper/src/main.ts", options), name: "The sweeper", isReady: async () => true });
}

/**
 * Resolves when the API reports health `ok`, which includes the sweeper. Rejects when one of `parts` (the processes of the stack) exits
 * meanwhile, or after 60 s.
 */
export async function waitForHealth(apiUrl: string, parts: readonly Part[]): Promise<void> {
	const deadline = Date.now() + STARTUP_TIMEOUT_MS;
	while ((await askHealth(apiUrl)) !== "ok") {
		const exited = parts.find((part) => part.pid() === null);
		if (exited !== undefined) throw new Error(`${exited.name} exited during startup. See its log for the reason.`);
		if (Date.now() > deadline) throw new Error(`${apiUrl}/api/v1/health is not ok after ${STARTUP_TIMEOUT_MS} ms. See the logs.`);
		await delay(HEALTH_POLL_MS);
	}
}

/** Returns the origin at which a client on this machine reaches a server that listens on `host` and `port`. */
export function originOf(host: string, port: number): string {
	const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
	return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function commandOf(entry: string, options: AppOptions) {
	return {
		command: process.execPath,
		args: options.watch ? ["--watch", "--watch-preserve-output", entry] : [findProgram(entry)],
		cwd: REPOSITORY_ROOT,
		env: options.env,
		logFile: options.logFile,
		stopSignal: "SIGTERM" as const,
	};
}

/** Resolves to the field `status` of the body if `/health` answers 2xx; otherwise, or without an answer, to null. */
async function askHealth(apiUrl: string): Promise<string | null> {
	try {
		const answer = await fetch(`${apiUrl}/api/v1/health`, { signal: AbortSignal.timeout(HEALTH_REQUEST_TIMEOUT_MS) });
		const body: unknown = await answer.json();
		if (!answer.ok || typeof body !== "object" || body === null || !("status" in body)) return null;
		return String(body.status);
	} catch {
		return null;
	}
}
