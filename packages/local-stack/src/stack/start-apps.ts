/** The two processes of the product: the API and the sweeper. Each is told everything through its environment. */
import { setTimeout as delay } from "node:timers/promises";
import { type Service, spawnService } from "../process/spawn-service.ts";
import { REPOSITORY_ROOT } from "../repository.ts";
import type { Part } from "./define-part.ts";

export type AppOptions = {
	/** The whole environment of the process; an app adds what it needs to it. */
	readonly env: NodeJS.ProcessEnv;
	/** Null shows what it prints in the terminal. */
	readonly logFile: string | null;
	/** Start it anew whenever a file it is made of changes. */
	readonly watch: boolean;
};

const HEALTH_DEADLINE_MS = 2_500;
const HEALTH_POLL_MS = 50;
const HEALTHY_DEADLINE_MS = 60_000;

/** Ready when it can take bookings. */
export function startApi(options: AppOptions, host: string, port: number): Promise<Service> {
	return spawnService({
		...commandOf("apps/api/src/server.ts", options),
		name: "The API",
		env: { ...options.env, HOST: host, PORT: String(port) },
		drainMs: Number(options.env.DRAIN_MS) || 0,
		isReady: async () => (await askHealth(originOf(host, port))) !== null,
	});
}

/** Ready at once: whether it works, the API knows (`waitForHealth`). */
export function startSweeper(options: AppOptions): Promise<Service> {
	return spawnService({ ...commandOf("apps/sweeper/src/main.ts", options), name: "The sweeper", isReady: async () => true });
}

/** Resolves when the API says that everything works, the sweeper included. Rejects when one of `parts` ends meanwhile, or at a deadline. */
export async function waitForHealth(apiUrl: string, parts: readonly Part[]): Promise<void> {
	const deadline = Date.now() + HEALTHY_DEADLINE_MS;
	while ((await askHealth(apiUrl)) !== "ok") {
		const gone = parts.find((part) => part.pid() === null);
		if (gone !== undefined) throw new Error(`The ${gone.name} ended while it started; its log says why.`);
		if (Date.now() > deadline) throw new Error(`${apiUrl}/api/v1/health does not say ok after ${HEALTHY_DEADLINE_MS} ms.`);
		await delay(HEALTH_POLL_MS);
	}
}

/** How a client on this machine reaches a server that listens there. */
export function originOf(host: string, port: number): string {
	const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
	return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function commandOf(entry: string, options: AppOptions) {
	return {
		command: process.execPath,
		args: [...(options.watch ? ["--watch", "--watch-preserve-output"] : []), entry],
		cwd: REPOSITORY_ROOT,
		env: options.env,
		logFile: options.logFile,
		stopSignal: "SIGTERM" as const,
	};
}

/** What the API says of itself: `ok` or `degraded`; null while it cannot take bookings. */
async function askHealth(apiUrl: string): Promise<string | null> {
	try {
		const answer = await fetch(`${apiUrl}/api/v1/health`, { signal: AbortSignal.timeout(HEALTH_DEADLINE_MS) });
		const body: unknown = await answer.json();
		if (!answer.ok || typeof body !== "object" || body === null || !("status" in body)) return null;
		return String(body.status);
	} catch {
		return null;
	}
}
