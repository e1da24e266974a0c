/** The complete proof after a run: compares the answers that clients received, the ledger, and Redis. */
import type { ShowtimeId } from "@holdfast/domain";
import { findHistoryViolations, type Operation, type Promised, type Proof, readAtRest } from "@holdfast/proofs";

/** Resolves to every violation as a sentence; empty if there is none. Call it only when every outbox is empty. */
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
