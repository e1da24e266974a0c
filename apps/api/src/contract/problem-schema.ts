/** The wire schema of problems (RFC 9457), and the responses and examples through which the OpenAPI document lists them. */
import { type Static, type TSchema, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_SEATS } from "./examples.ts";
import { PROBLEM_CODES, type ProblemCode, problemSpec, problemType } from "./problems.ts";
import { CLOSED, oneOf, share, text } from "./share.ts";

const ProblemObject = Type.Object(
	{
		type: text("URN that identifies the kind of problem", problemType("seats_taken")),
		title: text("Short title, the same for every problem of this kind", problemSpec("seats_taken").title),
		status: Type.Integer({ minimum: 400, maximum: 599, description: "The HTTP status", examples: [409] }),
		detail: text("What happened, whether anything changed, and what to do next", problemSpec("seats_taken").detail),
		instance: text("Path of the request", "/api/v1/bookings"),
		code: oneOf(PROBLEM_CODES, "Stable code of the problem: base the handling on this field"),
		retryable: Type.Boolean({ description: "Whether the same request, sent again unchanged, may succeed later", examples: [false] }),
		requestId: text("Id of the request, also in `x-request-id`: quote it when you report a problem", EXAMPLE_IDS.request),
		errors: Type.Optional(
			Type.Array(
				Type.Object(
					{
						pointer: text(
							"JSON Pointer into the body. For other parts of the request it begins with `/path`, `/query` or `/headers`",
							"/seats/0",
						),
						message: text("What is wrong with that value", "must NOT have fewer than 1 characters"),
					},
					CLOSED,
				),
				{ description: "Only with `invalid_request`: one entry for each invalid value" },
			),
		),
		seats: Type.Optional(
			Type.Array(Type.String(), {
				description: "Only with `seats_taken` and `unknown_seats`: labels of the seats that cannot be held",
				examples: [EXAMPLE_SEATS],
			}),
		),
	},
	{ ...CLOSED, description: "An error as `application/problem+json` (RFC 9457)" },
);

/** Schema of every error answer. */
export const Problem = share("Problem", ProblemObject);
/** The JSON of an error answer. */
export type ProblemBody = Static<typeof ProblemObject>;

/** Returns the OpenAPI responses for these problems, grouped by status. Used for the document only: they validate nothing. */
export function problemResponses(codes: readonly ProblemCode[]): Record<string, object> {
	const byStatus = Map.groupBy(new Set(codes), (code) => problemSpec(code).status);
	return Object.fromEntries(
		[...byStatus].map(([status, codesOfStatus]) => [
			String(status),
			{
				description: codesOfStatus.map((code) => `\`${code}\`: ${problemSpec(code).title}`).join(" · "),
				...headersOf(status),
				content: {
					"application/problem+json": {
						schema: {
							allOf: [Problem.ref, { type: "object", properties: { code: oneOf(codesOfStatus) }, required: ["code"] }],
						},
						examples: Object.fromEntries(codesOfStatus.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
					},
				},
			},
		]),
	);
}

/** Returns one example of each problem, for `components.examples` of the document. */
export function problemExamples(): Record<ProblemCode, { summary: string; value: ProblemBody }> {
	return Object.fromEntries(PROBLEM_CODES.map((code) => [code, { summary: problemSpec(code).title, value: exampleOf(code) }])) as Record<
		ProblemCode,
		{ summary: string; value: ProblemBody }
	>;
}

function exampleOf(code: ProblemCode): ProblemBody {
	const { status, title, detail, retryable } = problemSpec(code);
	const common = { type: problemType(code), title, status, detail, instance: "/api/v1/bookings", code, retryable };
	const extras = EXTRA_FIELDS[code];
	return { ...common, requestId: EXAMPLE_IDS.request, ...extras };
}

/** The fields that only some problems have. */
const EXTRA_FIELDS: Partial<Record<ProblemCode, Pick<ProblemBody, "errors" | "seats">>> = {
	invalid_request: { errors: [{ pointer: "/seats", message: "must NOT have fewer than 1 items" }] },
	seats_taken: { seats: [...EXAMPLE_SEATS] },
	unknown_seats: { seats: ["Z99"] },
};

const RETRY_AFTER = Type.Integer({ minimum: 1, description: "Seconds to wait before sending the same request again", examples: [2] });

function headersOf(status: number): { headers?: Record<string, TSchema> } {
	if (status === 503 || status === 429) return { headers: { "Retry-After": RETRY_AFTER } };
	if (status === 401)
		return { headers: { "WWW-Authenticate": text("Authentication scheme that the API expects", 'Bearer realm="holdfast"') } };
	return {};
}
