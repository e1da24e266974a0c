/** One process of a stack (a store or an app) that can be stopped and started again while the others run. */
import type { Service } from "../process/spawn-service.ts";

/** A process of a stack: Redis, PostgreSQL, the API or the sweeper. It stays the same `Part` when it is stopped and started again. */
export type Part = {
	/** In messages: `API`, `sweeper`, `Redis` or `PostgreSQL`. */
	readonly name: string;
	/** Null while the process does not run. */
	readonly pid: () => number | null;
	/** Starts the process unless it runs; resolves when it is ready. */
	readonly start: () => Promise<void>;
	/** Shuts the process down and resolves when it has ended. Safe to call twice. */
	readonly stop: () => Promise<void>;
	/** Sends a signal and resolves when the process has ended. */
	readonly kill: (signal: NodeJS.Signals) => Promise<void>;
	/** Pauses the process (SIGSTOP): connections stay open, and no request is answered. */
	readonly pause: () => void;
	/** Continues a paused process (SIGCONT). */
	readonly resume: () => void;
	/** Resolves when the process has ended; at once when it was never started. */
	readonly ended: () => Promise<void>;
};

/** Returns a part that is not started yet. `launch` starts the process every time, with the same port and data. */
export function definePart(name: string, launch: () => Promise<Service>): Part {
	let service: Service | null = null;
	return {
		name,
		pid: () => (service?.isRunning() === true ? service.pid : null),
		async start() {
			if (service?.isRunning() !== true) service = await launch();
		},
		async stop() {
			await service?.stop();
		},
		async kill(signal) {
			service?.kill(signal);
			await service?.ended;
		},
		pause: () => service?.kill("SIGSTOP"),
		resume: () => service?.kill("SIGCONT"),
		async ended() {
			await service?.ended;
		},
	};
}
