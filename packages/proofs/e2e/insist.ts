/** How a client repeats itself: the same request again, until the answer is one. */
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "@holdfast/proofs";

const RETRY_MS = 100;
/** Longer than any outage that a test makes. A limit by the hour would otherwise be asked about until the test times out. */
const INSIST_MAX_MS = 120_000;

/** Neither done nor refused: asking again may tell. */
export const isOpen = ({ result, isRefusal }: Operation): boolean => result === "unknown" || (result === "fail" && !isRefusal);

/** Ask, and ask again while the answer is a fault, as the API tells clients to; after `attempts` give up. Gives the last operation; throws after two minutes. */
export async function insist(ask: () => Promise<Operation>, attempts = Number.POSITIVE_INFINITY): Promise<Operation> {
	const giveUpMs = Date.now() + INSIST_MAX_MS;
	for (let attempt = 1; ; attempt += 1) {
		const operation = await ask();
		if (!isOpen(operation) || attempt >= attempts) return operation;
		if (Date.now() > giveUpMs) throw new Error(`${operation.kind} is still answered ${operation.code} after ${INSIST_MAX_MS} ms`);
		await delay(RETRY_MS);
	}
}
