/** Answers prices and blocked seats that do not fit the seat plan or the auditorium. */
import type { TermsRefusal } from "@holdfast/database";
import { unreachable } from "@holdfast/runtime";
import type { FastifyReply } from "fastify";

/** Answers the refusal. `pointer` is where the prices are in the body. The handler returns the result to Fastify. */
export function refuseTerms(
	reply: FastifyReply,
	refusal: Exclude<TermsRefusal, { readonly outcome: "unknown_reference" }>,
	pointer: string,
): FastifyReply {
	switch (refusal.outcome) {
		case "unknown_tiers":
			return reply.problem("unknown_tiers", {
				tiers: [...refusal.missing, ...refusal.unknown],
				errors: [
					...refusal.missing.map((tier) => ({ pointer, message: `has no price for the tier ${tier}` })),
					...refusal.unknown.map((tier) => ({ pointer, message: `the seat plan has no tier ${tier}` })),
				],
			});
		case "currency_mismatch":
			return reply.problem("currency_mismatch", {
				errors: [{ pointer, message: `prices of this auditorium are in ${refusal.currency}` }],
			});
		case "unknown_seats":
			return reply.problem("unknown_seats", { seats: [...refusal.labels] });
		default:
			return unreachable(refusal);
	}
}
