/** The wire schema of problems (RFC 9457), and the responses and examples through which the OpenAPI document lists them. */
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
					},
					CLOSED,
				),
				{
					description:
						"What is invalid, with `invalid_request` and with some 422. Of an invalid request, only one of path, query, headers and body is reported at a time: after a " +
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
			Type.String({ format: "date-time", description: "Only with `showtime_clash`: the next start at which the auditorium is free" }),
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
					description: "Only with `version_mismatch` of an admin route: the resource as it is now, as its GET returns it",
				},
			),
		),
		seats: Type.Optional(
			Type.Array(Type.String(), {
				description: "Only with `seats_taken` and `unknown_seats`: labels of the seats that cannot be held",
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
const ONLY_DETAILS: readonly ExactDetail[] = ["refresh_refused"];

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
		const { summary, value } = exampleOf(code);
		examples.push([name, { summary, value: { ...value, detail, instance } }]);
	}
	return Object.fromEntries(examples);
}

function exampleOf(code: ProblemCode): ProblemExample {
	const { status, title, detail, retryable } = problemSpec(code);
	const instance = INSTANCES[code] ?? "/api/v1/bookings";
	const common = { type: problemType(code), title, status, detail, instance, code, retryable };
	return { summary: title, value: { ...common, requestId: EXAMPLE_IDS.request, ...EXTRA_FIELDS[code] } };
}

const BOOKING_PATH = `/api/v1/bookings/${EXAMPLE_IDS.booking}`;

/** A path that answers the code, for codes that `POST /api/v1/bookings` does not answer. */
const INSTANCES: Partial<Record<ProblemCode, string>> = {
	invalid_credentials: "/api/v1/auth/login",
	email_taken: "/api/v1/auth/register",
	not_found: BOOKING_PATH,
	showtime_started: BOOKING_PATH,
	booking_state: `${BOOKING_PATH}/confirm`,
	hold_expired: `${BOOKING_PATH}/confirm`,
	version_mismatch: `${BOOKING_PATH}/confirm`,
};

/** The path of each case that has an example. */
const EXACT_INSTANCES = {
	refresh_refused: "/api/v1/auth/refresh",
	hourly_limit: "/api/v1/bookings",
} as const satisfies Partial<Record<ExactDetail, string>>;

/** The fields that only some problems have. */
const EXTRA_FIELDS: Partial<Record<ProblemCode, Pick<ProblemBody, "errors" | "seats" | "salesOpenAt">>> = {
	invalid_request: { errors: [{ pointer: "/seats", message: "must NOT have fewer than 1 items" }] },
	seats_taken: { seats: [...EXAMPLE_SEATS] },
	unknown_seats: { seats: ["Z99"] },
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
