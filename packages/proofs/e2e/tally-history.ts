/** A history in figures, for people and for the question whether anything strange was answered. */
import type { Operation } from "@holdfast/proofs";
import { isRetryable } from "./retry-until-final.ts";

/** `confirm 200`: 41, ... */
export function tallyCodes(history: readonly Operation[]): Record<string, number> {
	return tallyBy(history.map(({ kind, code }) => `${kind} ${code}`));
}

/** What was neither done nor refused, by code. On a machine that stalls for seconds a 503 is a truthful answer. */
export function tallyFaults(history: readonly Operation[]): Record<string, number> {
	return tallyBy(history.filter(isRetryable).map(({ code }) => code));
}

/** What a crowd may be refused with by its own doing, and what it may be asked to try again. */
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

/** Every other refusal and fault, by question and code. */
export function findStrangeAnswers(history: readonly Operation[], alsoExpected: readonly string[] = []): Record<string, number> {
	const expected = [...EXPECTED_CODES, ...alsoExpected];
	return tallyCodes(history.filter(({ result, code }) => result !== "ok" && !expected.includes(code)));
}

function tallyBy(words: readonly string[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
	return counts;
}
