/** How a client repeats itself: the same request again, until the answer is one. */
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "@holdfast/proofs";

const RETRY_MS = 100;

/** Neither done nor refused: asking again may tell. */
export const isOpen = ({ result, isRefusal }: Operation): boolean => result === "unknown" || (result === "fail" && !isRefusal);

/** Ask, and ask again while the answer is a fault, as the API tells clients to; after `attempts` give up. Gives the last operation. */
export async function insist(ask: () => Promise<Operation>, attempts = Number.POSITIVE_INFINITY): Promise<Operation> {
	for (let attempt = 1; ; attempt += 1) {
		const operation = await ask();
		if (!isOpen(operation) || attempt >= attempts) return operation;
		await delay(RETRY_MS);
	}
}
