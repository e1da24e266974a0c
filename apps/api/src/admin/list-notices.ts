/** `GET /admin/notices`: lists what buyers must learn, newest first. */
import { listNotices, type Notice } from "@holdfast/database";
import { parseBookingId, parseNoticeId, parseShowtimeId } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { idFilter } from "../contract/admin.ts";
import { type NoticeBody, NoticePage, noticeKind } from "../contract/notice.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED, toInstant } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { createFilterReader, timeFilter } from "./read-filters.ts";

const Query = Type.Object(
	{
		...PAGE_QUERY,
		kind: Type.Optional(noticeKind("Only notices of this kind")),
		bookingId: idFilter("Only notices about the booking with this id"),
		showtimeId: idFilter("Only notices about the showtime with this id"),
		from: timeFilter("Only notices that were written at this instant or later"),
		to: timeFilter("Only notices that were written before this instant"),
	},
	CLOSED,
);

/** Registers `GET /admin/notices`. */
export function addListNotices(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/notices",
		schema: {
			operationId: "listNotices",
			summary: "List notices to buyers",
			description:
				"Lists what buyers must learn, newest first: each move of a showtime and each cancel by the cinema, once per booking. All filters must " +
				"match. A malformed id is answered 400, an unknown one with an empty page. In a query, `+` of a time zone is written `%2B`.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: Query,
			response: { 200: NoticePage.answer("One page of notices, newest first") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { cursor, limit = PAGE_LIMIT_DEFAULT, ...query } = request.query;
			const beforeId = cursor === undefined ? undefined : parseNoticeId(cursor);
			if (beforeId === null) return reply.problem("invalid_request", BAD_CURSOR);
			const filters = parseFilters(query);
			if ("errors" in filters) return reply.problem("invalid_request", { errors: filters.errors });
			const { items, hasMore } = await listNotices(database, { limit, beforeId, ...filters });
			return reply.send({ items: items.map(presentNotice), nextCursor: hasMore ? (items.at(-1)?.id ?? null) : null });
		},
	});
}

/** Returns the filters as the query needs them, or the errors of those that are malformed. */
function parseFilters({ kind, bookingId, showtimeId, from, to }: Omit<Static<typeof Query>, "cursor" | "limit">) {
	const { errors, read, readPeriod } = createFilterReader();
	const filters = {
		kind,
		bookingId: read("bookingId", bookingId, (text) => parseBookingId(text), "is not a valid booking id"),
		showtimeId: read("showtimeId", showtimeId, (text) => parseShowtimeId(text), "is not a valid showtime id"),
		...readPeriod({ from, to }),
	};
	return errors.length > 0 ? { errors } : filters;
}

const presentNotice = ({ details, createdAt, ...notice }: Notice): NoticeBody => ({
	...notice,
	details: Object.fromEntries(Object.entries(details).map(([name, value]) => [name, presentTimes(value)])),
	createdAt: toInstant(createdAt),
});

/** Returns the times of a showtime as instants, and any other value as it is. */
function presentTimes(value: unknown): unknown {
	const { startsAt, endsAt } = Object(value);
	if (typeof startsAt !== "number" || typeof endsAt !== "number") return value;
	return { startsAt: toInstant(startsAt), endsAt: toInstant(endsAt) };
}
