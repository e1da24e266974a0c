/**
 * The answers that hooks and unreachable stores give on every route in the same way. answers-of-hooks.http.test.ts provokes them at every
 * operation of the document, so the tests of the single routes need not repeat them.
 */
/** The answers that are provoked at every operation. */
export const ANSWERS_OF_HOOKS = [
	"401 unauthenticated",
	"403 forbidden",
	"413 payload_too_large",
	"415 unsupported_media_type",
	"429 too_many_requests",
	"500 internal",
	"503 unavailable",
] as const;
/** One of `ANSWERS_OF_HOOKS`. */
export type AnswerOfHook = (typeof ANSWERS_OF_HOOKS)[number];

/**
 * Answers of single operations that come from the route itself, on a condition that only the test of the route can set up. That test has
 * to describe them.
 */
export const OF_THE_ROUTE: Readonly<Record<string, readonly AnswerOfHook[]>> = {
	// The refresh token is in the body, and no access token is read.
	refreshSession: ["401 unauthenticated"],
	// The limit is on the streams of an address that are open at the same time.
	streamSeats: ["429 too_many_requests"],
};

/** Whether the test that calls every operation provokes this answer of the operation. */
export function isTestedForAllRoutes(operationId: string, answer: string): boolean {
	const known = ANSWERS_OF_HOOKS.find((own) => own === answer);
	return known !== undefined && OF_THE_ROUTE[operationId]?.includes(known) !== true;
}
