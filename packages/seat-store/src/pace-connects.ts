/**
 * Decides how long to wait before the next connection: a short, jittered and growing pause. After a demotion, at most one
 * connection per second.
 */
import { createBackOff } from "@holdfast/runtime";

const BACK_OFF = { minMs: 50, maxMs: 500 };
/** Each new connection resolves the address again. */
const RESOLVE_EVERY_MS = 1_000;

/** The pause between connections; the owner reports how each connection fared. */
export type ConnectPace = {
	/** Reports that a connection is being opened. */
	start(): void;
	/** Reports that the connection is in use. */
	succeed(): void;
	/** Whether the last connection was in use before it was lost. */
	isFirstFailure(): boolean;
	/** Reports that the connection was lost; `wasDemoted`: because it led to a replica. Returns the pause before the next one, ms. */
	fail(wasDemoted: boolean): number;
};

/** Creates the pace of one chain of connections. */
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
