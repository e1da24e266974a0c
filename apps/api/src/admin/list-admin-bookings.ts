/** `GET /admin/bookings`: lists bookings of all users, newest first, as JSON in pages or as one CSV file. */
import type { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { type Static, Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { AdminBookingPage, BookingQuery, type BookingQueryBody } from "../contract/admin-booking.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { text } from "../contract/share.ts";
import type { RouteDeps } from "../deps.ts";
import { presentSkippingUnreadable } from "../present-skipping-unreadable.ts";
import { prefersCsv } from "./choose-media-type.ts";
import { type ParsedBookingQuery, parseBookingQuery, type QueryError } from "./parse-booking-query.ts";
import { presentAdminBooking } from "./present-admin-booking.ts";
import { createBookingReader, readLedgerAge } from "./read-bookings.ts";
import { assertReadable, CSV_PAGE_ROWS, CSV_RETRY_AFTER_S, CSV_STREAMS_MAX, createCsvStreams, openCsvStream } from "./stream-csv.ts";

type PageBody = Static<typeof AdminBookingPage.ref>;

const DESCRIPTION = `Lists bookings of all users, newest first by when their seats were held. All filters must match. A malformed id is answered
400, an unknown one with an empty page. In a query, \`+\` of a time zone is written \`%2B\`.

Without \`status\`, the list has what the ledger has: every booking that was ever confirmed, also of archived movies and of deleted accounts.
Confirms and cancels of the last moments may be missing: see \`settleLagMs\`. \`status=pending\` lists live holds instead, from the store of live
seats.

With \`Accept: text/csv\` the answer is one file (RFC 4180, UTF-8) with all bookings that match; \`limit\` does not count, and \`cursor\` is
refused. Amounts are in the smallest unit of the currency, which has a column of its own. Each time has two columns: UTC, and the venue's
clock. A text that begins with \`=\`, \`+\`, \`-\`, \`@\`, a tab or a return has a \`'\` in front, so that no spreadsheet runs it. At most
${CSV_STREAMS_MAX} files are written at once by one process of the server; one more is answered \`busy\`. If the server fails half-way, it
breaks the connection: a file is whole exactly if the answer ends properly.`;

const CSV_EXAMPLE = "booking_id,status,movie,...\r\n0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05,confirmed,The Third Man,...\r\n";

const RESPONSE = {
	description: "One page of bookings as JSON, or all of them as CSV",
	headers: { vary: text("`Accept` chooses between JSON and CSV", "Accept") },
	content: {
		"application/json": { schema: AdminBookingPage.ref },
		"text/csv": {
			schema: Type.String({
				description: "A row with the names of the columns, then one row per booking, or per seat with `rows=seats`. Rows end with CRLF",
				examples: [CSV_EXAMPLE],
			}),
		},
	},
};

/** Registers `GET /admin/bookings`. */
export function addListAdminBookings(app: ApiServer, deps: RouteDeps): void {
	const streams = createCsvStreams();

	app.route({
		method: "GET",
		url: "/bookings",
		schema: {
			operationId: "listAdminBookings",
			summary: "List bookings of all users, as JSON or CSV",
			description: DESCRIPTION,
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: BookingQuery,
			response: { 200: RESPONSE },
		},
		config: { problems: ["invalid_request", "busy", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			reply.header("vary", "Accept");
			const isCsv = prefersCsv(request.headers.accept);
			const query = parseBookingQuery(request.query);
			const errors = [...("errors" in query ? query.errors : []), ...findMisplaced(request.query, isCsv)];
			if ("errors" in query || errors.length > 0) return reply.problem("invalid_request", { errors });
			if (!isCsv) {
				const page = await readPage(query, request.query);
				return page === null ? reply.problem("invalid_request", BAD_CURSOR) : reply.send(page);
			}
			if (!streams.acquire(reply)) return reply.problem("busy", { retryAfterSeconds: CSV_RETRY_AFTER_S });
			const { first, read } = await readFirstOfFile(query);
			const { rows = "bookings" } = request.query;
			// The answer to HEAD has no body, so none is written.
			return sendFile(reply, request.method === "HEAD" ? "" : openCsvStream(reply, first, { read, rows }));
		},
	});

	/** Returns the body of a page, or null if the cursor is not one of this list. */
	async function readPage(query: ParsedBookingQuery, { limit = PAGE_LIMIT_DEFAULT, cursor }: BookingQueryBody): Promise<PageBody | null> {
		const age = await readLedgerAge(deps.seatStore);
		const read = await createBookingReader(deps, query);
		const page = await read({ limit, cursor });
		if (page.outcome === "bad_cursor") return null;
		for (const { bookingId, error } of page.unreadable) deps.reportUnreadable("booking", bookingId, error);
		const listed = page.items.map((one) => ({ id: one.booking.id, one }));
		const items = await presentSkippingUnreadable(
			listed,
			({ one }) => presentAdminBooking(one),
			(id, error) => deps.reportUnreadable("booking", id, error),
		);
		return { items, nextCursor: page.nextCursor, ...age };
	}

	/** Returns the first bookings of a file, and what reads the others. */
	async function readFirstOfFile(query: ParsedBookingQuery) {
		const read = await createBookingReader(deps, query);
		const first = await read({ limit: CSV_PAGE_ROWS });
		if (first.outcome === "bad_cursor") throw new Error("a page without a cursor was refused");
		assertReadable(first);
		return { first, read };
	}
}

function sendFile(reply: FastifyReply, content: Readable | ""): FastifyReply {
	const name = `bookings-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.csv`;
	return reply.header("content-disposition", `attachment; filename="${name}"`).type("text/csv; charset=utf-8").send(content);
}

/** Parameters that the chosen media type does not know. */
function findMisplaced({ cursor, rows }: BookingQueryBody, isCsv: boolean): QueryError[] {
	if (isCsv) return cursor === undefined ? [] : [{ pointer: "/query/cursor", message: "is only for JSON: a CSV file has all rows" }];
	return rows === undefined ? [] : [{ pointer: "/query/rows", message: "is only for `Accept: text/csv`" }];
}
