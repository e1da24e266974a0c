/** Start a server on a given port, or on free ports until it gets one: between finding a port and using it, another process may take it. */
import { findFreePort } from "./find-free-port.ts";
import { ServiceStartError } from "./spawn-service.ts";

const ATTEMPTS_MAX = 5;

/** `start` must reject with `ServiceStartError` when the port is taken. A given port is tried once. */
export async function startOnPort<Started>(given: number | undefined, start: (port: number) => Promise<Started>): Promise<Started> {
	if (given !== undefined) return start(given);
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await start(await findFreePort());
		} catch (error) {
			if (!wasTaken(error) || attempt === ATTEMPTS_MAX) throw error;
		}
	}
}

function wasTaken(error: unknown): boolean {
	return error instanceof ServiceStartError && /Address already in use|EADDRINUSE/.test(error.log);
}
