/** Translates the requests to schedule showtimes into a command of the ledger, and its refusals into problems. */
import type { ScheduleRefusal, ScheduleShowtimes } from "@holdfast/database";
import { type Money, parseAuditoriumId, parseMovieId, parseSeatPlanId, type TierPrices } from "@holdfast/domain";
import { unreachable } from "@holdfast/runtime";
import type { FastifyReply } from "fastify";
import { toInstant } from "../contract/share.ts";

type TierPrice = { readonly tier: string; readonly price: Money };

/** The fields that both requests have. */
export type RoomFields = {
	readonly movieId: string;
	readonly auditoriumId: string;
	readonly planId?: string;
	readonly extraMinutes?: number;
	readonly prices?: readonly TierPrice[];
	readonly blocks?: readonly string[];
	readonly state?: "open" | "paused";
};

type Parsed = Pick<
	ScheduleShowtimes,
	"movieId" | "auditoriumId" | "planId" | "extraMinutes" | "prices" | "currencies" | "blocks" | "state"
>;

/** Returns the fields of the command, or `unknown_reference` for an id that cannot exist, or `repeated_tier`. */
export function parseRoomFields(
	body: RoomFields,
): { outcome: "parsed"; fields: Parsed } | Extract<ScheduleRefusal, { outcome: "unknown_reference" }> | { outcome: "repeated_tier" } {
	const [movieId, auditoriumId] = [parseMovieId(body.movieId), parseAuditoriumId(body.auditoriumId)];
	const planId = body.planId === undefined ? null : (parseSeatPlanId(body.planId) ?? "unknown");
	if (movieId === null) return unknown("/movieId", "no movie with this id is in the catalogue");
	if (auditoriumId === null) return unknown("/auditoriumId", "no auditorium with this id is in use");
	if (planId === "unknown") return unknown("/planId", "the auditorium has no seat plan with this id");
	const { extraMinutes = 0, blocks = null, state = "open" } = body;
	const prices = parsePricesOf(body.prices);
	if (prices.outcome !== "parsed") return prices;
	return {
		outcome: "parsed",
		fields: {
			movieId,
			auditoriumId,
			planId,
			extraMinutes,
			prices: prices.prices,
			currencies: prices.currencies,
			blocks,
			state,
		},
	};
}

/** Returns the prices by tier, null if there are none, and their distinct currencies, or `repeated_tier`. */
export function parsePricesOf(
	prices: readonly TierPrice[] | undefined,
): { outcome: "parsed"; prices: TierPrices | null; currencies: readonly string[] } | { outcome: "repeated_tier" } {
	if (prices === undefined) return { outcome: "parsed", prices: null, currencies: [] };
	if (new Set(prices.map(({ tier }) => tier)).size < prices.length) return { outcome: "repeated_tier" };
	return {
		outcome: "parsed",
		prices: Object.fromEntries(prices.map(({ tier, price }) => [tier, price.amount])),
		currencies: [...new Set(prices.map(({ price }) => price.currency))],
	};
}

const unknown = (pointer: string, message: string) => ({ outcome: "unknown_reference", pointer, message }) as const;

/** Answers a command that was refused as a whole. The handler returns the result to Fastify. */
export function refuseSchedule(
	reply: FastifyReply,
	refusal: ScheduleRefusal | { readonly outcome: "repeated_tier" | "several_currencies" },
): FastifyReply {
	switch (refusal.outcome) {
		case "unknown_reference":
			return reply.problem("unknown_reference", { errors: [{ pointer: refusal.pointer, message: refusal.message }] });
		case "repeated_tier":
			return reply.problem("invalid_request", { errors: [{ pointer: "/prices", message: "names a tier twice" }] });
		case "several_currencies":
			return reply.problem("currency_mismatch", { errors: [{ pointer: "/prices", message: "are in several currencies" }] });
		case "unknown_tiers":
			return reply.problem("unknown_tiers", {
				errors: [
					...refusal.missing.map((tier) => ({ pointer: "/prices", message: `has no price for the tier ${tier}` })),
					...refusal.unknown.map((tier) => ({ pointer: "/prices", message: `the seat plan has no tier ${tier}` })),
				],
			});
		case "currency_mismatch":
			return reply.problem("currency_mismatch", {
				errors: [{ pointer: "/prices", message: `prices of this auditorium are in ${refusal.currency}` }],
			});
		case "unknown_seats":
			return reply.problem("unknown_seats", { seats: [...refusal.labels] });
		case "invalid_schedule":
			return reply.problem("invalid_request", { errors: [...refusal.errors] });
		case "time_ambiguous":
			return reply.problem("time_ambiguous", { instants: [toInstant(refusal.first), toInstant(refusal.second)] });
		default:
			return unreachable(refusal);
	}
}
