/** `PUT /admin/showtimes/:id/blocks`: takes seats of a showtime off sale, or puts them back on sale. */
import { findSeats, parseShowtimeId, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, SHOWTIME_VERSION_HEADERS } from "../contract/admin.ts";
import { AdminShowtimeDetails, BlockChange } from "../contract/admin-showtime.ts";
import { BY_ID_OF_SHOWTIME } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS, OPENING_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { commandOf, refuseIfMatch } from "./admin-request.ts";
import { answerChanged } from "./answer-changed.ts";
import { parseShowtimeCondition, readChanged, type ShowtimeCondition } from "./change-showtime.ts";

/** Registers `PUT /admin/showtimes/:id/blocks`. */
export function addBlockSeats(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "PUT",
		url: "/showtimes/:id/blocks",
		schema: {
			operationId: "blockSeats",
			summary: "Block or unblock seats",
			description:
				"Takes free seats off sale, or puts blocked seats back on sale: all of the labels or none. A seat that is held or sold cannot be " +
				"blocked. A seat that is as requested already stays so; if all are, the answer is 200 and the version stays.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_SHOWTIME,
			headers: IF_MATCH,
			body: BlockChange.ref,
			response: { 200: AdminShowtimeDetails.answer("The showtime after the change", SHOWTIME_VERSION_HEADERS) },
		},
		config: {
			problems: [...ADMIN_CHANGE_PROBLEMS, ...OPENING_PROBLEMS, "version_mismatch", "seats_taken", "unknown_seats", "busy"],
		},
		handler: async (request, reply) => {
			const condition = parseShowtimeCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { block, unblock, reason = null } = request.body;
			const labels = block ?? unblock;
			if (labels === undefined || (block !== undefined && unblock !== undefined))
				return reply.problem("invalid_request", { errors: [{ pointer: "", message: "must have either block or unblock" }] });
			const showtimeId = parseShowtimeId(request.params.id, deps.settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			const change = { showtimeId, labels, isBlocked: block !== undefined, ifVersions: condition.terms };
			const result = await withOpenShowtime(
				() => deps.installedShowtimes.reopen(showtimeId),
				() => changeBlocks(deps, change, commandOf(request, reason)),
			);
			switch (result.outcome) {
				case "set":
				case "version_mismatch":
					return answerChanged(reply, result.outcome, await readChanged(deps, showtimeId));
				case "unknown_seats":
				case "seats_taken":
					return reply.problem(result.outcome, { seats: [...result.labels] });
				default:
					return reply.problem(result.outcome);
			}
		},
	});
}

type BlockChangeOfLabels = {
	readonly showtimeId: ShowtimeId;
	readonly labels: readonly string[];
	readonly isBlocked: boolean;
	readonly ifVersions: ShowtimeCondition;
};

async function changeBlocks(
	{ installedShowtimes, seatStore }: RouteDeps,
	{ showtimeId, labels, isBlocked, ifVersions }: BlockChangeOfLabels,
	command: StaffCommand,
) {
	const live = await installedShowtimes.find(showtimeId);
	if (live.outcome !== "found") return live;
	const found = findSeats(live.plan, labels);
	if (found.outcome === "unknown_seats") return found;
	const result = await seatStore.blockSeats({ showtimeId, seats: found.indexes, isBlocked, ifVersions, command });
	if (result.outcome !== "seats_taken") return result;
	return { outcome: "seats_taken" as const, labels: result.seats.flatMap((seat) => live.plan.seats[seat]?.label ?? []) };
}
