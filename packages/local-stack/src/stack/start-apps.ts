/** The two processes of the product: the API and the sweeper. Each is told everything through its environment. */
import { type Service, spawnService } from "../process/spawn-service.ts";
import { REPOSITORY_ROOT } from "../repository.ts";

export type AppOptions = {
	/** The whole environment of the process; an app adds what it needs to it. */
	readonly env: NodeJS.ProcessEnv;
	/** Null shows what it prints in the terminal. */
	readonly logFile: string | null;
	/** Start it anew whenever a file it is made of changes. */
	readonly watch: boolean;
};

const HEALTH_DEADLINE_MS = 2_500;

/** Ready when it can take bookings. */
export function startApi(options: AppOptions, host: string, port: number): Promise<Service> {
	return spawnService({
		...commandOf("apps/api/src/server.ts", options),
		name: "The API",
		env: { ...options.env, HOST: host, PORT: String(port) },
		isReady: async () => (await askHealth(originOf(host, port))) !== null,
	});
}

/** Ready when the API at `apiUrl` hears it, and so reports that everything works. */
export function startSweeper(options: AppOptions, apiUrl: string): Promise<Service> {
	return spawnService({
		...commandOf("apps/sweeper/src/main.ts", options),
		name: "The sweeper",
		isReady: async () => (await askHealth(apiUrl)) === "ok",
	});
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
