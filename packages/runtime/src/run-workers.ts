/**
 * One server in several processes on one port. The primary only supervises: it forks the workers, restarts those that exit, and
 * passes signals to stop on to them. Each worker listens by itself (SO_REUSEPORT) and the kernel spreads connections. Rejected:
 * Node's default, where the primary hands sockets to the workers. A client whose socket is on its way to a worker that dies would
 * hang for ever.
 */
import cluster, { type Worker } from "node:cluster";
import type { Logger } from "./logger.ts";
import { whenParentDies } from "./shutdown.ts";
import { relayWorkerMetrics } from "./worker-metrics.ts";

/** The environment variable that says how many processes serve; one serves by itself. */
export const WORKERS_SPEC = { env: "WORKERS", default: 1, min: 1, max: 64 } as const;

/** Connections that wait to be accepted. Node's default of 511 makes a crowd at the opening of sales wait on SYN retries. */
const LISTEN_BACKLOG = 4096;

/** How a server listens that is one of `workers`: for `server.listen`. */
export function listenOptions({ host, port, workers }: { host: string; port: number; workers: number }) {
	return { host, port, backlog: LISTEN_BACKLOG, reusePort: workers > 1 };
}

const RESTART_DELAY_MS = 500;

/** Runs `serve` if one process is enough or this is a worker. Otherwise this is the primary: it supervises `count` workers. */
export async function runWorkers(count: number, log: Logger, serve: () => Promise<void>): Promise<void> {
	if (count === 1 || cluster.isWorker) return serve();
	/** By place, 1 and up. */
	const workers = new Map<Worker, number>();
	let isStopping = false;
	const start = (place: number): void => void workers.set(cluster.fork(), place);
	const stop = (): void => {
		isStopping = true;
		for (const worker of workers.keys()) worker.process.kill("SIGTERM");
		if (workers.size === 0) process.exit(0);
	};
	relayWorkerMetrics(workers);
	cluster.on("exit", (worker, code, signal) => {
		const place = workers.get(worker) ?? 1;
		workers.delete(worker);
		if (isStopping) {
			if (workers.size === 0) process.exit(0);
			return;
		}
		log.error({ worker: worker.process.pid, code, signal }, "worker exited");
		setTimeout(() => isStopping || start(place), RESTART_DELAY_MS);
	});
	for (let place = 1; place <= count; place += 1) start(place);
	whenParentDies(stop);
	process.on("SIGTERM", stop);
	process.on("SIGINT", stop);
	log.info({ workers: count }, "primary started");
}
