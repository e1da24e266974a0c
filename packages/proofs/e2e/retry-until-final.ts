/** Repeats a request as the API asks clients to: the same request again until the answer is final. */
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "@holdfast/proofs";

const RETRY_MS = 100;
/** Longer than any outage in these tests. Without it, a request that hits an hourly limit would be repeated until the test times out. */
const GIVE_UP_AFTER_MS = 120_000;

/** True if the request was neither done nor finally refused, so the same request may be sent again. */
export const isRetryable = ({ result, isRefusal }: Operation): boolean => result === "unknown" || (result === "fail" && !isRefusal);

/**
 * Sends a request until it is done or finally refused, at most `attempts` times. Resolves to the last operation. Rejects after two
 * minutes.
 */
export async function retryUntilFinal(ask: () => Promise<Operation>, attempts = Number.POSITIVE_INFINITY): Promise<Operation> {
	const giveUpMs = Date.now() + GIVE_UP_AFTER_MS;
	for (let attempt = 1; ; attempt += 1) {
		const operation = await ask();
		if (!isRetryable(operation) || attempt >= attempts) return operation;
		if (Date.now() > giveUpMs)
			throw new Error(`${operation.kind} got no final answer in ${GIVE_UP_AFTER_MS} ms; the last one was ${operation.code}`);
		await delay(RETRY_MS);
	}
}
