/** How a problem looks on the wire (RFC 9457), and how the OpenAPI document lists the problems of a route. */
import { type Static, type TSchema, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_SEATS } from "./examples.ts";
import { PROBLEM_CODES, type ProblemCode, problemSpec, problemType } from "./problems.ts";
import { CLOSED, oneOf, share, text } from "./share.ts";

const ProblemObject = Type.Object(
	{
		type: text("URN of the kind of problem", problemType("seats_taken")),
		title: text("The same words for every problem of this kind", problemSpec("seats_taken").title),
		status: Type.Integer({ minimum: 400, maximum: 599, description: "The HTTP status", examples: [409] }),
		detail: text("What happened and what to do", problemSpec("seats_taken").detail),
		instance: text("The path that was asked", "/api/v1/bookings"),
		code: oneOf(PROBLEM_CODES, "Stable; decide by this"),
		retryable: Type.Boolean({ description: "The same request, unchanged, may succeed later", examples: [false] }),
		requestId: text("Also in `x-request-id`; quote it in a report", EXAMPLE_IDS.request),
		errors: Type.Optional(
			Type.Array(
				Type.Object(
					{
						pointer: text("JSON Pointer into the body; `/path`, `/query/...` and `/headers/...` for those", "/seats/0"),
						message: text("What is wrong there", "must NOT have fewer than 1 characters"),
					},
					CLOSED,
				),
				{ description: "With `invalid_request`: each flaw" },
			),
		),
		seats: Type.Optional(
			Type.Array(Type.String(), { description: "The seats that stood in the way, by label", examples: [EXAMPLE_SEATS] }),
		),
	},
	{ ...CLOSED, description: "Why there is no other answer (RFC 9457)" },
);

export const Problem = share("Problem", ProblemObject);
export type ProblemBody = Static<typeof ProblemObject>;

/** The responses, by status, through which a route may answer these problems. For the document only. */
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

/** One of each kind, for the document's `components.examples`. */
export function problemExamples(): Record<ProblemCode, { summary: string; value: ProblemBody }> {
	return Object.fromEntries(PROBLEM_CODES.map((code) => [code, { summary: problemSpec(code).title, value: exampleOf(code) }])) as Record<
		ProblemCode,
		{ summary: string; value: ProblemBody }
	>;
}

function exampleOf(code: ProblemCode): ProblemBody {
	const { status, title, detail, retryable } = problemSpec(code);
	const common = { type: problemType(code), title, status, detail, instance: "/api/v1/bookings", code, retryable };
	const named = NAMED[code];
	return { ...common, requestId: EXAMPLE_IDS.request, ...named };
}

/** What some kinds of problem name besides. */
const NAMED: Partial<Record<ProblemCode, Pick<ProblemBody, "errors" | "seats">>> = {
	invalid_request: { errors: [{ pointer: "/seats", message: "must NOT have fewer than 1 items" }] },
	seats_taken: { seats: [...EXAMPLE_SEATS] },
	unknown_seats: { seats: ["Z99"] },
};

const RETRY_AFTER = Type.Integer({ minimum: 1, description: "Seconds to wait before the same request is sent again", examples: [2] });

function headersOf(status: number): { headers?: Record<string, TSchema> } {
	if (status === 503 || status === 429) return { headers: { "Retry-After": RETRY_AFTER } };
	if (status === 401) return { headers: { "WWW-Authenticate": text("How to sign in", 'Bearer realm="holdfast"') } };
	return {};
}
