/** `GET /admin/audit`: lists the audit trail, newest first. */
import { AUDIT_TARGETS, type AuditEvent, listAuditEvents } from "@holdfast/database";
import { parseAnyId, parseAuditEventId, parseShowtimeId, parseUserId } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { idFilter } from "../contract/admin.ts";
import { type AuditEventBody, AuditEventPage } from "../contract/audit-event.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED, oneOf, toInstant } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { createFilterReader, timeFilter } from "./read-filters.ts";

/** The most characters of the name of an action. */
const ACTION_MAX_CHARS = 64;

const Query = Type.Object(
	{
		...PAGE_QUERY,
		actor: idFilter("Only commands of the user with this id"),
		action: Type.Optional(
			Type.String({
				minLength: 1,
				maxLength: ACTION_MAX_CHARS,
				pattern: "^[a-z_.]+$",
				description: "Only this action, such as `movie.updated`",
			}),
		),
		targetType: Type.Optional(oneOf(AUDIT_TARGETS, "Only changes of this kind of thing")),
		targetId: idFilter("Only changes of the thing with this id"),
		showtimeId: idFilter("Only changes that are about the showtime with this id"),
		from: timeFilter("Only entries with `recordedAt` at this instant or later"),
		to: timeFilter("Only entries with `recordedAt` before this instant"),
	},
	CLOSED,
);

/** Registers `GET /admin/audit`. */
export function addListAuditEvents(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/audit",
		schema: {
			operationId: "listAuditEvents",
			summary: "List the audit trail",
			description:
				"Lists what staff changed, newest first: one entry per command and target, and none for a command that changed nothing. All filters " +
				"must match. A malformed id is answered 400, an unknown one with an empty page. In a query, `+` of a time zone is written `%2B`. " +
				"Entries are never changed or deleted.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: Query,
			response: { 200: AuditEventPage.answer("One page of the audit trail, newest first") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { cursor, limit = PAGE_LIMIT_DEFAULT, ...query } = request.query;
			const beforeId = cursor === undefined ? undefined : parseAuditEventId(cursor);
			if (beforeId === null) return reply.problem("invalid_request", BAD_CURSOR);
			const filters = parseFilters(query);
			if ("errors" in filters) return reply.problem("invalid_request", { errors: filters.errors });
			const { items, hasMore } = await listAuditEvents(database, { limit, beforeId, ...filters });
			return reply.send({ items: items.map(presentAuditEvent), nextCursor: hasMore ? (items.at(-1)?.id ?? null) : null });
		},
	});
}

type Filters = Omit<Static<typeof Query>, "cursor" | "limit">;

/** Returns the filters as the query needs them, or the errors of those that are malformed. */
function parseFilters({ actor, targetId, showtimeId, from, to, action, targetType }: Filters) {
	const { errors, read, readPeriod } = createFilterReader();
	const filters = {
		action,
		targetType,
		actor: read("actor", actor, parseUserId, "is not a valid user id"),
		targetId: read("targetId", targetId, parseAnyId, "is not a valid id"),
		showtimeId: read("showtimeId", showtimeId, (text) => parseShowtimeId(text), "is not a valid showtime id"),
		...readPeriod({ from, to }),
	};
	return errors.length > 0 ? { errors } : filters;
}

const presentAuditEvent = ({ at, recordedAt, ...event }: AuditEvent): AuditEventBody => ({
	...event,
	at: toInstant(at),
	recordedAt: toInstant(recordedAt),
});
