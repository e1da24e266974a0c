/** `GET /admin/refunds`: lists what is owed to buyers and what was paid back, newest first, with totals. */
import { listRefunds } from "@holdfast/database";
import { parseMovieId, parseShowtimeId, parseUserId } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { idFilter } from "../contract/admin.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { RefundPage, refundReason, refundStatus } from "../contract/refund.ts";
import { CLOSED, oneOf } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { presentRefund } from "./present-refund.ts";
import { createFilterReader, timeFilter } from "./read-filters.ts";

const Query = Type.Object(
	{
		...PAGE_QUERY,
		status: Type.Optional(refundStatus("Only refunds with this status")),
		reason: Type.Optional(refundReason("Only refunds for this reason")),
		currency: Type.Optional(
			Type.String({ pattern: "^[A-Z]{3}$", maxLength: 3, description: "Only refunds in this currency, such as `EUR`" }),
		),
		showtimeId: idFilter("Only refunds of the showtime with this id"),
		movieId: idFilter("Only refunds of showtimes of the movie with this id"),
		userId: idFilter("Only refunds of bookings of the user with this id"),
		periodOf: Type.Optional(
			oneOf(
				["due", "settled"],
				"What `from` and `to` bound: `due` (default), when the refund became due, or `settled`, when it was paid back",
			),
		),
		from: timeFilter("Only refunds at this instant or later"),
		to: timeFilter("Only refunds before this instant"),
	},
	CLOSED,
);

/** Registers `GET /admin/refunds`. */
export function addListRefunds(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/refunds",
		schema: {
			operationId: "listRefunds",
			summary: "List refunds",
			description:
				"Lists what is owed to buyers and what was paid back, newest first, with totals per currency and reason. All filters must match; the " +
				"totals are of all refunds that match. A malformed id is answered 400, an unknown one with an empty page. A refund of 0 and one that " +
				"was withdrawn are not listed. In a query, `+` of a time zone is written `%2B`.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: Query,
			response: { 200: RefundPage.answer("One page of refunds, newest first, with totals") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { cursor, limit = PAGE_LIMIT_DEFAULT, ...query } = request.query;
			const filters = parseFilters(query);
			if ("errors" in filters) return reply.problem("invalid_request", { errors: filters.errors });
			const result = await listRefunds(database, { limit, cursor, ...filters });
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			const { items, nextCursor, totals } = result;
			return reply.send({ items: items.map(presentRefund), nextCursor, totals: [...totals] });
		},
	});
}

/** Returns the filters as the query needs them, or the errors of those that are malformed. */
function parseFilters({
	showtimeId,
	movieId,
	userId,
	from,
	to,
	periodOf = "due",
	...query
}: Omit<Static<typeof Query>, "cursor" | "limit">) {
	const { errors, read, readPeriod } = createFilterReader();
	const filters = {
		...query,
		periodOf,
		showtimeId: read("showtimeId", showtimeId, (text) => parseShowtimeId(text), "is not a valid showtime id"),
		movieId: read("movieId", movieId, parseMovieId, "is not a valid movie id"),
		userId: read("userId", userId, parseUserId, "is not a valid user id"),
		...readPeriod({ from, to }),
	};
	return errors.length > 0 ? { errors } : filters;
}
