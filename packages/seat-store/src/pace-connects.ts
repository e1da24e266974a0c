/** How long to wait before the next connection: little and jittered, growing; a server that was demoted is looked for at most once a second. */

const BACK_OFF_MIN_MS = 50;
const BACK_OFF_MAX_MS = 500;
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
	let failures = 0;
	let startedMs = 0;
	return {
		start() {
			startedMs = performance.now();
		},
		succeed() {
			failures = 0;
		},
		isFirstFailure: () => failures === 0,
		fail(wasDemoted) {
			const backOffMs = Math.min(BACK_OFF_MIN_MS * 2 ** failures, BACK_OFF_MAX_MS) * (0.5 + Math.random() / 2);
			failures += 1;
			return wasDemoted ? Math.max(backOffMs, RESOLVE_EVERY_MS - (performance.now() - startedMs)) : backOffMs;
		},
	};
}
