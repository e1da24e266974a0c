/** The whole proof after a run: what clients were told, the ledger, and Redis, each against the others. */
import type { ShowtimeId } from "@holdfast/domain";
import { findHistoryFlaws, type Operation, type Promised, type Proof, readAtRest } from "@holdfast/proofs";

/** Once every outbox is empty. Every flaw as a sentence; an empty list is the proof. */
export async function findFlawsAtRest(
	{ proof, databaseUrl }: { readonly proof: Proof; readonly databaseUrl: string },
	history: readonly Operation[],
	showtimeIds: readonly ShowtimeId[],
	promised?: Promised,
): Promise<string[]> {
	const flaws: string[] = [];
	for (const showtimeId of showtimeIds) flaws.push(...(await proof.flaws(showtimeId)));
	const historyFlaws = findHistoryFlaws(history, await readAtRest(databaseUrl, showtimeIds), promised);
	return [...flaws, ...historyFlaws.map(({ rule, what }) => `${rule}: ${what}`)];
}
