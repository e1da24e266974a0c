/** The whole proof after a run: what clients were told, the ledger, and Redis, each against the others. */
import type { ShowtimeId } from "@holdfast/domain";
import { findHistoryViolations, type Operation, type Promised, type Proof, readAtRest } from "@holdfast/proofs";

/** Once every outbox is empty. Every violation as a sentence; an empty list is the proof. */
export async function findViolationsAtRest(
	{ proof, databaseUrl }: { readonly proof: Proof; readonly databaseUrl: string },
	history: readonly Operation[],
	showtimeIds: readonly ShowtimeId[],
	promised?: Promised,
): Promise<string[]> {
	const violations: string[] = [];
	for (const showtimeId of showtimeIds) violations.push(...(await proof.violations(showtimeId)));
	const historyViolations = findHistoryViolations(history, await readAtRest(databaseUrl, showtimeIds), promised);
	return [...violations, ...historyViolations.map(({ rule, what }) => `${rule}: ${what}`)];
}
