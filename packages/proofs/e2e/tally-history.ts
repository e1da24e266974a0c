/** Counts the answers of a history by code: to print them, and to find unexpected ones. */
import type { Operation } from "@holdfast/proofs";
import { isRetryable } from "./retry-until-final.ts";

/** Returns the number of answers by request and code: `confirm 200`: 41, ... */
export function tallyCodes(history: readonly Operation[]): Record<string, number> {
	return tallyBy(history.map(({ kind, code }) => `${kind} ${code}`));
}

/** Returns the number of requests that were neither done nor finally refused, by code. On a machine that stalls, a 503 is correct. */
export function tallyFaults(history: readonly Operation[]): Record<string, number> {
	return tallyBy(history.filter(isRetryable).map(({ code }) => code));
}

/** The refusals that competing clients cause, and the answers that ask for a retry. */
const EXPECTED_CODES: readonly string[] = [
	"409 seats_taken",
	"409 hold_limit",
	"409 seat_limit",
	"410 hold_expired",
	"503 unavailable",
	"503 outcome_unknown",
	"503 recovering",
	"503 busy",
	"no answer",
];

/** Returns the number of all other answers that are not ok, by request and code. */
export function findUnexpectedAnswers(history: readonly Operation[], alsoExpected: readonly string[] = []): Record<string, number> {
	const expected = [...EXPECTED_CODES, ...alsoExpected];
	return tallyCodes(history.filter(({ result, code }) => result !== "ok" && !expected.includes(code)));
}

function tallyBy(keys: readonly string[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
	return counts;
}
