/** `PUT /admin/auditoriums/:id`: changes fields of an auditorium, and brings an archived auditorium back. */
import { updateAuditorium, type Venue } from "@holdfast/database";
import { parseAuditoriumId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, VERSION_HEADERS } from "../contract/admin.ts";
import { Auditorium, AuditoriumChange } from "../contract/admin-auditorium.ts";
import { BY_ID_OF_AUDITORIUM } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import { parseTierPrices } from "../contract/tier-prices.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { presentAuditorium } from "./present-auditorium.ts";
import { refuseTerms } from "./refuse-terms.ts";
import { sendChanged } from "./send-versioned.ts";

/** The `errors` of the 400 for a time zone that Postgres does not know. */
export const UNKNOWN_TIME_ZONE = { errors: [{ pointer: "/timeZone", message: "is not a time zone that the database knows" }] };

/** Completes the venue of a request. */
export const readVenue = (venue: { name: string; address?: string | null } | null): Venue | null =>
	venue && { name: venue.name, address: venue.address ?? null };

/** Sorts labels as a person would: A2 before A10. The order in a request has no meaning, so another order is no change. */
const LABEL_ORDER = new Intl.Collator("en", { numeric: true }).compare;

/** Registers `PUT /admin/auditoriums/:id`. */
export function addUpdateAuditorium(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "PUT",
		url: "/auditoriums/:id",
		schema: {
			operationId: "updateAuditorium",
			summary: "Change an auditorium",
			description:
				"Changes the fields that the body has. If every field has its value already, the answer is 200 and the version stays. Showtimes that " +
				"exist keep their times, prices and blocked seats. `archived: false` brings an archived auditorium back.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_AUDITORIUM,
			headers: IF_MATCH,
			body: AuditoriumChange.ref,
			response: { 200: Auditorium.answer("The auditorium after the change", VERSION_HEADERS) },
		},
		config: {
			problems: [
				"not_found",
				"version_mismatch",
				"has_showtimes",
				"unknown_tiers",
				"unknown_seats",
				"currency_mismatch",
				...ADMIN_CHANGE_PROBLEMS,
			],
		},
		handler: async (request, reply) => {
			const auditoriumId = parseAuditoriumId(request.params.id);
			if (auditoriumId === null) return reply.problem("not_found");
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { venue, defaultPrices, defaultBlocks, ...fields } = request.body;
			const parsed = defaultPrices && parseTierPrices(defaultPrices, "/defaultPrices");
			if (parsed?.outcome === "invalid") return reply.problem("invalid_request", { errors: parsed.errors });
			const changes = {
				...fields,
				venue: venue && readVenue(venue),
				defaultPrices: parsed === null ? null : parsed?.prices,
				defaultBlocks: defaultBlocks?.toSorted(LABEL_ORDER),
			};
			const result = await updateAuditorium(database, auditoriumId, {
				changes,
				ifVersions: condition.ifVersions,
				command: commandOf(request),
			});
			switch (result.outcome) {
				case "unknown_time_zone":
					return reply.problem("invalid_request", UNKNOWN_TIME_ZONE);
				case "has_showtimes":
					return reply.problem("has_showtimes", { count: result.count });
				case "unknown_tiers":
				case "unknown_seats":
				case "currency_mismatch":
					return refuseTerms(reply, result, "/defaultPrices");
				default:
					return sendChanged(reply, result, presentAuditorium);
			}
		},
	});
}
