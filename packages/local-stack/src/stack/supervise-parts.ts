/** Start a server again when it ends by itself, so that a local stack survives what one is likely to do to it: kill -9. */
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "./define-part.ts";

export type Supervision = {
	/** Resolves, with what happened, when a server cannot be kept running. */
	readonly gaveUp: Promise<string>;
	/** From now on whatever ends may end. */
	readonly end: () => void;
};

const PAUSE_MS = 1_000;
/** A server that ends more often than this is not brought up again. */
const RESTARTS_MAX = 3;
const WITHIN_MS = 60_000;

export function superviseParts(parts: readonly Part[], onProgress: (line: string) => void): Supervision {
	let ending = false;
	const watch = async (part: Part): Promise<string> => {
		const restarts: number[] = [];
		for (;;) {
			await part.ended();
			if (ending) return new Promise(() => {});
			while (restarts[0] !== undefined && restarts[0] < Date.now() - WITHIN_MS) restarts.shift();
			if (restarts.length === RESTARTS_MAX) return `${part.name} ended ${RESTARTS_MAX + 1} times within a minute`;
			restarts.push(Date.now());
			onProgress(`${part.name} ended; starting it again`);
			await delay(PAUSE_MS);
			if (ending) return new Promise(() => {});
			await part.start().catch((error: unknown) => onProgress(String(error)));
		}
	};
	return {
		gaveUp: Promise.race(parts.map(watch)),
		end() {
			ending = true;
		},
	};
}
