/**
 * Starts a server on a given port, or on a free one. A start on a free port is retried, because another process may take the port
 * between the search and its use.
 */
import { findFreePort } from "./find-free-port.ts";
import { ServiceStartError } from "./spawn-service.ts";

const ATTEMPTS_MAX = 5;

/**
 * Resolves to the result of `start`. `start` must reject with `ServiceStartError` when the port is in use. A given port is tried
 * once, free ports up to five times.
 */
export async function startOnPort<Started>(given: number | undefined, start: (port: number) => Promise<Started>): Promise<Started> {
	if (given !== undefined) return start(given);
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await start(await findFreePort());
		} catch (error) {
			if (!isPortInUse(error) || attempt === ATTEMPTS_MAX) throw error;
		}
	}
}

function isPortInUse(error: unknown): boolean {
	return error instanceof ServiceStartError && /Address already in use|EADDRINUSE/.test(error.log);
}
