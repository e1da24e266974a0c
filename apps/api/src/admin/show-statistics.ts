/** `GET /admin/stats`: what the showtimes of a period sold, per day, movie, auditorium or showtime. */
import { type Figures, readStatistics, readTotals, type StatisticsRow } from "@holdfast/database";
import { daysBetween, isLocalDate, parseAuditoriumId, parseMovieId, STATISTICS_DAYS_MAX } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { toInstant } from "../contract/share.ts";
import { type FiguresBody, Statistics, StatisticsQuery, type StatisticsRowBody } from "../contract/statistics.ts";
import type { AppDeps } from "../deps.ts";
import type { QueryError } from "./parse-booking-query.ts";
import { readLedgerAge } from "./read-bookings.ts";

const OCCUPANCY_DECIMALS = 4;

/** Registers `GET /admin/stats`. */
export function addShowStatistics(app: ApiServer, { database, seatStore }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/stats",
		schema: {
			operationId: "showStatistics",
			summary: "Read what the showtimes of a period sold",
			description:
				"Adds up the showtimes whose day of the venue is in the period, from the ledger: seats, occupancy, cancels, and money per currency, which " +
				"is never added up over currencies. A day of the venue begins at the auditorium's `dayStartsAt`: a show at 00:30 counts to the evening " +
				"before. What was sold in the last moments may be missing: see `settleLagMs`. Holds that expire never reach the ledger: how many holds " +
				"are confirmed is a metric of the server.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: StatisticsQuery,
			response: { 200: Statistics.answer("One page of statistics, and the totals of the period") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { limit = PAGE_LIMIT_DEFAULT, cursor, groupBy = "day", from, to, ...ids } = request.query;
			const movieId = ids.movieId === undefined ? undefined : parseMovieId(ids.movieId);
			const auditoriumId = ids.auditoriumId === undefined ? undefined : parseAuditoriumId(ids.auditoriumId);
			const errors = findPeriodErrors(from, to);
			if (movieId === null) errors.push({ pointer: "/query/movieId", message: "is not a valid movie id" });
			if (auditoriumId === null) errors.push({ pointer: "/query/auditoriumId", message: "is not a valid auditorium id" });
			if (errors.length > 0 || movieId === null || auditoriumId === null) return reply.problem("invalid_request", { errors });
			const period = { from, to, movieId, auditoriumId };
			const age = await readLedgerAge(seatStore);
			const [page, totals] = await Promise.all([
				readStatistics(database, { ...period, groupBy, limit, cursor }),
				readTotals(database, period),
			]);
			if (page.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: page.items.map(presentRow), nextCursor: page.nextCursor, totals: presentFigures(totals), ...age });
		},
	});
}

function findPeriodErrors(from: string, to: string): QueryError[] {
	const errors = Object.entries({ from, to }).flatMap(([name, date]) =>
		isLocalDate(date) ? [] : [{ pointer: `/query/${name}`, message: "is not a date of the calendar (YYYY-MM-DD)" }],
	);
	if (errors.length > 0) return errors;
	const days = daysBetween(from, to) + 1;
	if (days < 1) return [{ pointer: "/query/to", message: "is before `from`" }];
	if (days > STATISTICS_DAYS_MAX)
		return [{ pointer: "/query/to", message: `makes the period ${days} days long: at most ${STATISTICS_DAYS_MAX} are allowed` }];
	return [];
}

const presentRow = ({ day, movie, auditorium, showtime, ...figures }: StatisticsRow): StatisticsRowBody => ({
	day,
	movie,
	auditorium,
	showtime: showtime && { id: showtime.id, startsAt: toInstant(showtime.startsAt) },
	...presentFigures(figures),
});

function presentFigures({ money, ...counts }: Figures): FiguresBody {
	const { sold, capacity } = counts;
	return {
		...counts,
		occupancy: capacity === 0 ? null : Number((sold / capacity).toFixed(OCCUPANCY_DECIMALS)),
		money: money.map(({ currency, ...amounts }) => {
			const sum = (amount: number) => ({ amount, currency });
			return {
				currency,
				gross: sum(amounts.gross),
				cancelled: sum(amounts.cancelled),
				refundsDue: sum(amounts.refundsDue),
				refundsPaid: sum(amounts.refundsPaid),
			};
		}),
	};
}
