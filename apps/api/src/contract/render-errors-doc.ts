/** Renders docs/errors.md from the problem table. */
import { PROBLEM_CODES, problemSpec, problemType } from "./problems.ts";

const INTRODUCTION = `# Errors

Every error is \`application/problem+json\` (RFC 9457). It has the standard fields \`type\`, \`title\`, \`status\`, \`detail\` and
\`instance\`, and these fields of its own:

- \`code\`: stable and never renamed. Base the handling on this field, not on \`title\` or \`detail\`, whose texts may change.
- \`retryable\`: whether the same request, sent again unchanged, may succeed later. Every retryable answer has the header
  \`Retry-After\`. The table lists the usual number of seconds; the header of a 429 may name another.
- \`requestId\`: also in the \`x-request-id\` header of every answer. Quote it when you report a problem.
- \`errors\`: only with \`invalid_request\`. Each entry is \`{ pointer, message }\`. The pointer is a JSON Pointer into the body;
  for other parts of the request it begins with \`/path\`, \`/query\` or \`/headers\`. Text that is not valid UTF-8 or contains
  an unpaired surrogate is reported here too, up to 20 entries.
- \`seats\`: only with \`seats_taken\` and \`unknown_seats\`. The labels of the seats that cannot be held.

The status shows the kind of error: 400 is an invalid request, 409 a request that the current state does not allow, 410 a
hold that has expired, 422 a well-formed request that can never succeed. A resource that does not exist and a resource of
another user get the same 404.

After \`outcome_unknown\`, send the same request again to learn the outcome. Confirm and cancel are always safe to repeat;
placing a hold is safe to repeat with an \`Idempotency-Key\`. A repeated registration that answers \`email_taken\` means that
the first one succeeded.

This page is generated from the problem table by \`pnpm --filter @holdfast/api errors-doc\`.
`;

/** Returns the page as Markdown. */
export function renderErrorsDoc(): string {
	const rows = PROBLEM_CODES.map((code) => {
		const { status, title, detail, retryable, retryAfterSeconds } = problemSpec(code);
		const retry = retryable ? `yes, after ${retryAfterSeconds} s` : "no";
		return `| \`${code}\` | ${status} | ${title} | ${detail} | ${retry} |`;
	});
	const table = ["| code | status | title | what happened and what to do next | retry |", "|---|---|---|---|---|", ...rows].join("\n");
	return `${INTRODUCTION}\n${table}\n\nThe \`type\` of a problem is \`${problemType("not_found").replace("not_found", "<code>")}\`.\n`;
}
