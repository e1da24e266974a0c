/**
 * One server in several processes on one port. The first process only minds the others: it starts them, starts anew
 * what died, passes the wish to stop on, and deals out new connections in turn, so that all workers get equally many.
 */
import cluster from "node:cluster";
import type { Logger } from "./logger.ts";

/** The environment variable that says how many processes serve; one serves by itself. */
export const WORKERS_SPEC = { env: "WORKERS", default: 1, min: 1, max: 64 } as const;

const RESTART_DELAY_MS = 500;

/** Runs `serve` here if one process is enough or this is a worker; otherwise minds `count` workers that run it. */
export async function runWorkers(count: number, log: Logger, serve: () => Promise<void>): Promise<void> {
	if (count === 1 || cluster.isWorker) return serve();
	let isStopping = false;
	cluster.on("exit", (worker, code, signal) => {
		if (isStopping) {
			if (Object.keys(cluster.workers ?? {}).length === 0) process.exit(0);
			return;
		}
		log.error({ worker: worker.process.pid, code, signal }, "a worker died; starting another");
		setTimeout(() => cluster.fork(), RESTART_DELAY_MS);
	});
	for (let worker = 0; worker < count; worker += 1) cluster.fork();
	const stop = (): void => {
		isStopping = true;
		for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGTERM");
	};
	process.on("SIGTERM", stop);
	process.on("SIGINT", stop);
	log.info({ workers: count }, "minding workers");
}
