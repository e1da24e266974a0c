/** Restarts a process of a stack when it exits unexpectedly, so that a local stack survives `kill -9` on one of its processes. */
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "./define-part.ts";

/** A running supervision. */
export type Supervision = {
	/** Resolves to the reason when a process exited too often to be restarted again. */
	readonly gaveUp: Promise<string>;
	/** Ends the supervision: a process that exits after this call is not restarted. */
	readonly end: () => void;
};

const PAUSE_MS = 1_000;
/** How many restarts within `WITHIN_MS` a process gets. */
const RESTARTS_MAX = 3;
const WITHIN_MS = 60_000;

/** Supervises the parts until `end` is called. `onProgress` gets a line for every restart. */
export function superviseParts(parts: readonly Part[], onProgress: (line: string) => void): Supervision {
	let isEnded = false;
	const watch = async (part: Part): Promise<string> => {
		const restarts: number[] = [];
		for (;;) {
			await part.ended();
			if (isEnded) return new Promise(() => {});
			while (restarts[0] !== undefined && restarts[0] < Date.now() - WITHIN_MS) restarts.shift();
			if (restarts.length === RESTARTS_MAX) return `${part.name} stopped unexpectedly ${RESTARTS_MAX + 1} times within a minute`;
			restarts.push(Date.now());
			onProgress(`${part.name} stopped unexpectedly; restarting it`);
			await delay(PAUSE_MS);
			if (isEnded) return new Promise(() => {});
			await part.start().catch((error: unknown) => onProgress(String(error)));
		}
	};
	return {
		gaveUp: Promise.race(parts.map(watch)),
		end() {
			isEnded = true;
		},
	};
}
