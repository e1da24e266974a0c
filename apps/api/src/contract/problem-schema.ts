/** The wire schema of problems (RFC 9457), and the responses and examples through which the OpenAPI document lists them. */
import { BOOKING_STATUSES } from "@holdfast/domain";
import { type Static, type TSchema, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_SEATS, EXAMPLE_TIMES } from "./examples.ts";
import { EXACT_DETAILS, type ExactDetail, PROBLEM_CODES, type ProblemCode, problemSpec, problemType } from "./problems.ts";
import { CLOSED, nullableInstant, oneOf, share, text } from "./share.ts";

const ProblemObject = Type.Object(
	{
		type: text("URN that identifies the kind of problem", problemType("seats_taken")),
		title: text("Short title in English, the same for every problem of this code", problemSpec("seats_taken").title),
		status: Type.Integer({ minimum: 400, maximum: 599, description: "The HTTP status", examples: [409] }),
		detail: text(
			"What happened, whether anything changed, and what to do next; in English, for developers",
			problemSpec("seats_taken").detail,
		),
		instance: text("Path of the request", "/api/v1/bookings"),
		code: oneOf(PROBLEM_CODES, "Stable code of the problem, never renamed: decide by this field. Handle an unknown code by its `status`"),
		retryable: Type.Boolean({
			description:
				"Whether to send the same request again automatically after `Retry-After`. False also for errors that can end later, such as " +
				"`not_on_sale` before the start of sales, and for `internal`",
			examples: [false],
		}),
		requestId: text("Id of the request, also in `x-request-id`: give it when you report an error", EXAMPLE_IDS.request),
		errors: Type.Optional(
			Type.Array(
				Type.Object(
					{
						pointer: text(
							"JSON Pointer into the body; empty for the whole body. For other parts of the request it begins with `/path`, `/query` or " +
								"`/headers`",
							"/seats/0",
						),
						message: text("What is wrong with the value, in English, for developers", "must NOT have fewer than 1 characters"),
						kind: Type.Optional(text("Only with `invalid_plan`: kind of the error, as in `totals`", "duplicate_seat_label")),
					},
					CLOSED,
				),
				{
					description:
						"What is invalid, with `invalid_request` and with some 422. Of a seat plan, all errors, at most 100 of each kind. Of an invalid " +
						"request, only one of path, query, headers and body is reported at a time: after a " +
						"correction, further entries can follow. Absent if the request could not be read at all",
				},
			),
		),
		clash: Type.Optional(
			Type.Object(
				{},
				{ additionalProperties: true, description: "Only with `showtime_clash`: the showtime in the way, as `ClashingShowtime`" },
			),
		),
		nextFreeStart: Type.Optional(
			Type.String({
				format: "date-time",
				description: "Only with `showtime_clash`: the next start at which the auditorium is free",
				examples: [EXAMPLE_TIMES.free],
			}),
		),
		starts: Type.Optional(
			Type.Array(Type.Object({}, { additionalProperties: true }), {
				description: "Only when scheduling in bulk was refused: the starts that cannot be scheduled, each as `PlannedShowtime`",
			}),
		),
		instants: Type.Optional(
			Type.Array(Type.String({ format: "date-time" }), {
				description: "Only with `time_skipped` and `time_ambiguous`: the two starts that could be meant, earlier first",
			}),
		),
		current: Type.Optional(
			Type.Object(
				{},
				{
					additionalProperties: true,
					description:
						"Only with `refund_not_due`, and with `version_mismatch` of an admin route: the resource as it is now, as its GET returns it; a seat " +
						"plan without its rows",
				},
			),
		),
		counts: Type.Optional(
			Type.Object(
				{
					showtimes: Type.Integer({ minimum: 1, description: "Showtimes to come of which customers have seats", examples: [2] }),
					holds: Type.Integer({ minimum: 0, description: "Their live holds", examples: [3] }),
					bookings: Type.Integer({ minimum: 0, description: "Their sold bookings", examples: [41] }),
				},
				{ ...CLOSED, description: "Only with `has_bookings` of a movie: what customers have" },
			),
		),
		bookings: Type.Optional(
			Type.Array(Type.String({ format: "uuid" }), {
				description: "Only with `has_bookings` of an account: ids of its confirmed bookings at showtimes that are not over, at most 100",
				examples: [[EXAMPLE_IDS.booking]],
			}),
		),
		count: Type.Optional(
			Type.Integer({ minimum: 1, description: "Only with `has_showtimes`: how many showtimes are to come", examples: [3] }),
		),
		allowed: Type.Optional(
			Type.Array(oneOf(BOOKING_STATUSES), {
				description: "Only with `transition_not_allowed`: the statuses that staff can give the booking now, possibly none",
				examples: [["confirmed"]],
			}),
		),
		totals: Type.Optional(
			Type.Array(
				Type.Object(
					{
						kind: text("Kind of error; handle an unknown one by the `message` of its errors", "duplicate_seat_label"),
						total: Type.Integer({
							minimum: 1,
							description: "Number of errors of this kind, also of those that are not listed",
							examples: [2],
						}),
					},
					CLOSED,
				),
				{ description: "Only with `invalid_plan`: how many errors of each kind the plan has" },
			),
		),
		tiers: Type.Optional(
			Type.Array(Type.String(), {
				description: "Only with `unknown_tiers`: ids of tiers that have no price, or that the seat plan does not have",
				examples: [["premium"]],
			}),
		),
		seats: Type.Optional(
			Type.Array(Type.String(), {
				description: "Only with `seats_taken` and `unknown_seats`: labels of the seats that are not available or do not exist",
				examples: [EXAMPLE_SEATS],
			}),
		),
		salesOpenAt: Type.Optional(
			nullableInstant(
				"Only with `not_on_sale`: when sales open, if they have not opened yet. Null if there is another reason: sales are paused or over",
				EXAMPLE_TIMES.salesOpen,
			),
		),
	},
	{ ...CLOSED, description: "An error as `application/problem+json` (RFC 9457)" },
);

/** Schema of every error answer. */
export const Problem = share("Problem", ProblemObject);
/** The JSON of an error answer. */
export type ProblemBody = Static<typeof ProblemObject>;

/**
 * Returns the OpenAPI responses for these problems, grouped by status. `exactDetails` are the cases with a more exact `detail`: each
 * adds an example. Used for the document only: they validate nothing.
 */
export function problemResponses(codes: readonly ProblemCode[], exactDetails: readonly ExactDetail[] = []): Record<string, object> {
	const byStatus = Map.groupBy(new Set(codes), (code) => problemSpec(code).status);
	return Object.fromEntries(
		[...byStatus].map(([status, codesOfStatus]) => [
			String(status),
			{
				description: codesOfStatus.map((code) => `\`${code}\`: ${problemSpec(code).title}`).join(" · "),
				...headersOf(status, codesOfStatus),
				content: {
					"application/problem+json": {
						schema: {
							allOf: [Problem.ref, { type: "object", properties: { code: oneOf(codesOfStatus) }, required: ["code"] }],
						},
						examples: Object.fromEntries(
							codesOfStatus
								.flatMap((code) => exampleNames(code, exactDetails))
								.map((name) => [name, { $ref: `#/components/examples/${name}` }]),
						),
					},
				},
			},
		]),
	);
}

/** Cases whose route never sends the text of the table for the same code. */
const ONLY_DETAILS: readonly ExactDetail[] = ["refresh_refused", "wrong_password", "plan_too_large", "account_has_bookings"];

function exampleNames(code: ProblemCode, exactDetails: readonly ExactDetail[]): (ProblemCode | ExactDetail)[] {
	const exact = exactDetails.filter((name) => EXACT_DETAILS[name].code === code);
	return exact.some((name) => ONLY_DETAILS.includes(name)) ? exact : [code, ...exact];
}

type ProblemExample = { readonly summary: string; readonly value: ProblemBody };

/** Returns one example of each problem and of each case that a route documents, for `components.examples` of the document. */
export function problemExamples(): Record<string, ProblemExample> {
	const examples: [string, ProblemExample][] = PROBLEM_CODES.map((code) => [code, exampleOf(code)]);
	for (const [name, instance] of Object.entries(EXACT_INSTANCES)) {
		const { code, detail } = EXACT_DETAILS[name as keyof typeof EXACT_INSTANCES];
		const { summary, value } = exampleOf(code, name === "account_has_bookings" ? { bookings: [EXAMPLE_IDS.booking] } : undefined);
		examples.push([name, { summary, value: { ...value, detail, instance } }]);
	}
	return Object.fromEntries(examples);
}

function exampleOf(code: ProblemCode, extraFields: ExtraFields | undefined = EXTRA_FIELDS[code]): ProblemExample {
	const { status, title, detail, retryable } = problemSpec(code);
	const instance = INSTANCES[code] ?? "/api/v1/bookings";
	const common = { type: problemType(code), title, status, detail, instance, code, retryable };
	return { summary: title, value: { ...common, requestId: EXAMPLE_IDS.request, ...extraFields } };
}

const BOOKING_PATH = `/api/v1/bookings/${EXAMPLE_IDS.booking}`;

const AUDITORIUM_PATH = `/api/v1/admin/auditoriums/${EXAMPLE_IDS.auditorium}`;

const PLANS_PATH = `${AUDITORIUM_PATH}/plans`;

const USER_PATH = `/api/v1/admin/users/${EXAMPLE_IDS.user}`;

const SHOWTIMES_PATH = "/api/v1/admin/showtimes";

const STATUS_PATH = `/api/v1/admin/bookings/${EXAMPLE_IDS.booking}/status`;

const SEATS_PATH = `/api/v1/admin/bookings/${EXAMPLE_IDS.booking}/seats`;

/** A path that answers the code, for codes that `POST /api/v1/bookings` does not answer. */
const INSTANCES: Partial<Record<ProblemCode, string>> = {
	invalid_credentials: "/api/v1/auth/login",
	email_taken: "/api/v1/auth/register",
	account_blocked: "/api/v1/auth/login",
	own_role: USER_PATH,
	not_found: BOOKING_PATH,
	showtime_started: BOOKING_PATH,
	booking_state: `${BOOKING_PATH}/confirm`,
	hold_expired: `${BOOKING_PATH}/confirm`,
	version_mismatch: `${BOOKING_PATH}/confirm`,
	transition_not_allowed: STATUS_PATH,
	money_moved: STATUS_PATH,
	seat_count_differs: SEATS_PATH,
	amount_differs: SEATS_PATH,
	unknown_user: "/api/v1/admin/bookings",
	forbidden: AUDITORIUM_PATH,
	invalid_plan: PLANS_PATH,
	has_showtimes: AUDITORIUM_PATH,
	refund_not_due: `/api/v1/admin/refunds/${EXAMPLE_IDS.booking}`,
	has_bookings: `/api/v1/admin/movies/${EXAMPLE_IDS.movie}`,
	unknown_tiers: AUDITORIUM_PATH,
	currency_mismatch: AUDITORIUM_PATH,
	unknown_reference: SHOWTIMES_PATH,
	showtime_clash: SHOWTIMES_PATH,
	showtime_in_past: SHOWTIMES_PATH,
	time_skipped: SHOWTIMES_PATH,
	time_ambiguous: SHOWTIMES_PATH,
	invalid_window: SHOWTIMES_PATH,
};

/** The path of each case that has an example. */
const EXACT_INSTANCES = {
	refresh_refused: "/api/v1/auth/refresh",
	wrong_password: "/api/v1/auth/me",
	hourly_limit: "/api/v1/bookings",
	plan_too_large: PLANS_PATH,
	account_has_bookings: USER_PATH,
} as const satisfies Partial<Record<ExactDetail, string>>;

type ExtraFields = Pick<
	ProblemBody,
	| "errors"
	| "seats"
	| "tiers"
	| "count"
	| "counts"
	| "allowed"
	| "bookings"
	| "totals"
	| "salesOpenAt"
	| "clash"
	| "nextFreeStart"
	| "instants"
>;

/** The fields that only some problems have. */
const EXTRA_FIELDS: Partial<Record<ProblemCode, ExtraFields>> = {
	transition_not_allowed: { allowed: ["confirmed"] },
	seat_count_differs: { errors: [{ pointer: "/seats", message: "must have exactly 2 items" }] },
	amount_differs: { errors: [{ pointer: "/seats", message: "must cost 2500 together, in the smallest unit of USD" }] },
	unknown_reference: { errors: [{ pointer: "/movieId", message: "no movie with this id is in the catalogue" }] },
	showtime_clash: {
		clash: { id: EXAMPLE_IDS.showtime, title: "The Third Man", startsAt: EXAMPLE_TIMES.starts, occupiedUntil: EXAMPLE_TIMES.free },
		nextFreeStart: EXAMPLE_TIMES.free,
	},
	time_skipped: { instants: ["2027-03-28T00:30:00.000Z", "2027-03-28T01:30:00.000Z"] },
	time_ambiguous: { instants: ["2027-10-31T00:30:00.000Z", "2027-10-31T01:30:00.000Z"] },
	invalid_request: { errors: [{ pointer: "/seats", message: "must NOT have fewer than 1 items" }] },
	seats_taken: { seats: [...EXAMPLE_SEATS] },
	unknown_seats: { seats: ["Z99"] },
	invalid_plan: {
		errors: [{ pointer: "/rows/3/seats/12/label", message: "another seat has the label D12", kind: "duplicate_seat_label" }],
		totals: [{ kind: "duplicate_seat_label", total: 1 }],
	},
	unknown_tiers: { tiers: ["premium"], errors: [{ pointer: "/defaultPrices", message: "has no price for the tier premium" }] },
	has_showtimes: { count: 3 },
	has_bookings: { counts: { showtimes: 2, holds: 3, bookings: 41 } },
	not_on_sale: { salesOpenAt: EXAMPLE_TIMES.salesOpen },
};

/** The response header of every 429 and 503. */
export const RETRY_AFTER = Type.Integer({
	minimum: 1,
	description: "Seconds to wait before sending the same request again",
	examples: [2],
});

const UNTIL_SALES_OPEN = Type.Integer({
	minimum: 1,
	description: "Only with `not_on_sale`, and only if sales open within the hour: seconds until then. Do not repeat the request before",
	examples: [600],
});

function headersOf(status: number, codes: readonly ProblemCode[]): { headers?: Record<string, TSchema> } {
	if (status === 503 || status === 429) return { headers: { "Retry-After": RETRY_AFTER } };
	if (codes.includes("not_on_sale")) return { headers: { "Retry-After": UNTIL_SALES_OPEN } };
	if (status === 412) return { headers: { ETag: text("The current `version` of the booking, in quotes", '"2"') } };
	if (status === 401)
		return { headers: { "WWW-Authenticate": text("Authentication scheme that the API expects", 'Bearer realm="holdfast"') } };
	return {};
}
