/**
 * Runs one server in several worker processes on one port. The primary only supervises: it forks the workers, restarts workers that
 * exit, and forwards SIGTERM and SIGINT. Each worker listens with SO_REUSEPORT, and the kernel spreads the connections. Rejected: Node's
 * default, in which the primary passes sockets to the workers. If a worker died while a socket was on its way to it, the client would
 * hang forever.
 */
import cluster, { type Worker } from "node:cluster";
import type { Logger } from "./logger.ts";
import { whenParentDies } from "./shutdown.ts";
import { relayWorkerMetrics } from "./worker-metrics.ts";

/** How many processes serve requests. With 1 there is no primary. */
export const WORKERS_SPEC = { env: "WORKERS", default: 1, min: 1, max: 64 } as const;

/** Connections that may wait to be accepted. With Node's default of 511, clients wait for SYN retries when sales open. */
const LISTEN_BACKLOG = 4096;

/** The options for `server.listen` of a server that runs in `workers` processes. */
export function listenOptions({ host, port, workers }: { host: string; port: number; workers: number }) {
	return { host, port, backlog: LISTEN_BACKLOG, reusePort: workers > 1 };
}

const RESTART_DELAY_MS = 500;

/** Calls `serve` if `count` is 1 or if this process is a worker. Otherwise this process is the primary and supervises `count` workers. */
export async function runWorkers(count: number, log: Logger, serve: () => Promise<void>): Promise<void> {
	if (count === 1 || cluster.isWorker) return serve();
	/** The place (1 to `count`) of each worker that runs. */
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
