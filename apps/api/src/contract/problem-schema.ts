/** How a problem looks on the wire (RFC 9457), and how the OpenAPI document lists the problems of a route. */
import { type Static, type TSchema, Type } from "typebox";
import { PROBLEM_CODES, type ProblemCode, problemSpec } from "./problems.ts";
import { CLOSED, oneOf, share } from "./share.ts";

const ProblemObject = Type.Object(
	{
		type: Type.String({ description: "URN of the kind of problem" }),
		title: Type.String(),
		status: Type.Integer({ minimum: 400, maximum: 599 }),
		detail: Type.String({ description: "What happened and what to do" }),
		instance: Type.String({ description: "The path that was asked" }),
		code: oneOf(PROBLEM_CODES, "Stable; decide by this"),
		retryable: Type.Boolean({ description: "The same request, unchanged, may succeed later" }),
		requestId: Type.String(),
		errors: Type.Optional(
			Type.Array(
				Type.Object(
					{
						pointer: Type.String({ description: "JSON Pointer into the body; `/query/...` and `/headers/...` for those" }),
						message: Type.String(),
					},
					CLOSED,
				),
			),
		),
		seats: Type.Optional(Type.Array(Type.String(), { description: "The seats that stood in the way, by label" })),
	},
	CLOSED,
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
						schema: { allOf: [Problem.ref, { type: "object", properties: { code: oneOf(codesOfStatus) } }] },
					},
				},
			},
		]),
	);
}

function headersOf(status: number): { headers?: Record<string, TSchema> } {
	if (status === 429 || status === 503) return { headers: { "Retry-After": Type.Integer({ description: "Seconds to wait" }) } };
	if (status === 401) return { headers: { "WWW-Authenticate": Type.String() } };
	return {};
}
