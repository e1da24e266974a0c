/** How a client repeats a request: the same one again while the answer leaves its outcome open. */
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "@holdfast/proofs";

const RETRY_MS = 100;
/** Longer than any outage that a test makes. A limit by the hour would otherwise be asked about until the test times out. */
const GIVE_UP_AFTER_MS = 120_000;

/** Neither done nor refused: the same request may be sent again. */
export const isRetryable = ({ result, isRefusal }: Operation): boolean => result === "unknown" || (result === "fail" && !isRefusal);

/** Send a request until it is done or refused, as the API asks clients to, at most `attempts` times. Resolves to the last operation; throws after two minutes. */
export async function retryUntilFinal(ask: () => Promise<Operation>, attempts = Number.POSITIVE_INFINITY): Promise<Operation> {
	const giveUpMs = Date.now() + GIVE_UP_AFTER_MS;
	for (let attempt = 1; ; attempt += 1) {
		const operation = await ask();
		if (!isRetryable(operation) || attempt >= attempts) return operation;
		if (Date.now() > giveUpMs) throw new Error(`${operation.kind} is still answered ${operation.code} after ${GIVE_UP_AFTER_MS} ms`);
		await delay(RETRY_MS);
	}
}
