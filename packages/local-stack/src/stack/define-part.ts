/** One server of a stack, which can be ended and started again without the others noticing more than that. */
import type { Service } from "../process/spawn-service.ts";

export type Part = {
	readonly name: string;
	/** Null while it does not run. */
	readonly pid: () => number | null;
	/** Start it, unless it runs; resolves when it is ready. */
	readonly start: () => Promise<void>;
	/** End it cleanly, and wait. Safe to call twice. */
	readonly stop: () => Promise<void>;
	/** End it with a signal, and wait until it is gone. */
	readonly kill: (signal: NodeJS.Signals) => Promise<void>;
	/** It stands still (SIGSTOP): connections stay open, nothing is answered, time passes. */
	readonly pause: () => void;
	/** It goes on where it stood (SIGCONT). */
	readonly resume: () => void;
	/** Resolves when it does not run (any more). */
	readonly ended: () => Promise<void>;
};

/** `launch` starts it anew each time, on the same port and data. */
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
