/** How long to wait before the next connection: little and jittered, growing; a server that was demoted is looked for at most once a second. */
import { createBackOff } from "@holdfast/runtime";

const BACK_OFF = { minMs: 50, maxMs: 500 };
/** Each new connection resolves the address again. */
const RESOLVE_EVERY_MS = 1_000;

export type ConnectPace = {
	/** A connection is being made. */
	start(): void;
	/** It is in use. */
	succeed(): void;
	/** Whether the last connection was in use before it was lost. */
	isFirstFailure(): boolean;
	/** It was lost, and `wasDemoted` says whether because it led to a replica: ms until the next one. */
	fail(wasDemoted: boolean): number;
};

export function createConnectPace(): ConnectPace {
	const backOff = createBackOff(BACK_OFF);
	let startedMs = 0;
	return {
		start() {
			startedMs = performance.now();
		},
		succeed: backOff.reset,
		isFirstFailure: () => backOff.failures === 0,
		fail(wasDemoted) {
			const backOffMs = backOff.next();
			return wasDemoted ? Math.max(backOffMs, RESOLVE_EVERY_MS - (performance.now() - startedMs)) : backOffMs;
		},
	};
}
