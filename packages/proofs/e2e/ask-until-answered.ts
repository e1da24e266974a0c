/** How a client repeats a request: the same one again while the answer leaves its outcome open. */
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "@holdfast/proofs";

const RETRY_MS = 100;

/** Neither done nor refused: the same request may be sent again. */
export const isUndecided = ({ result, isRefusal }: Operation): boolean => result === "unknown" || (result === "fail" && !isRefusal);

/** Send a request until it is done or refused, as the API asks clients to, at most `attempts` times. Resolves to the last operation. */
export async function askUntilAnswered(ask: () => Promise<Operation>, attempts = Number.POSITIVE_INFINITY): Promise<Operation> {
	for (let attempt = 1; ; attempt += 1) {
		const operation = await ask();
		if (!isUndecided(operation) || attempt >= attempts) return operation;
		await delay(RETRY_MS);
	}
}
