/** docs/errors.md, written from the problem table. */
import { PROBLEM_CODES, problemSpec, problemType } from "./problems.ts";

const INTRODUCTION = `# Errors

Every error is \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\`, \`detail\`, \`instance\`, and:

- \`code\`: stable, never renamed. Decide by this, not by \`title\` or \`detail\`.
- \`retryable\`: the same request, unchanged, may succeed later. Every such answer carries \`Retry-After\`; with 429 it
  may be less than the table says.
- \`requestId\`: also in the \`x-request-id\` header of every answer. Quote it in a report.
- \`errors\`: with \`invalid_request\`, each flaw as \`{ pointer, message }\`. The pointer is a JSON Pointer into the body;
  flaws of the path, the query string and of headers begin with \`/path\`, \`/query\` and \`/headers\`. Text that is not
  UTF-8, or has half of a surrogate pair in it, is one; of such text the first 20 places are named.
- \`seats\`: with \`seats_taken\` and \`unknown_seats\`, the labels that stood in the way.

400 is a malformed request, 409 a state that says no, 410 a time that has passed, 422 well formed but impossible.
"Not yours" and "not there" are the same 404. After \`outcome_unknown\`, repeat the same request to learn the outcome:
every command is safe to repeat, and placing a hold is with an \`Idempotency-Key\`.

This page is written from the problem table: \`pnpm --filter @holdfast/api errors-doc\`.
`;

/** The page as Markdown. */
export function renderErrorsDoc(): string {
	const rows = PROBLEM_CODES.map((code) => {
		const { status, title, detail, retryable, retryAfterSeconds } = problemSpec(code);
		const retry = retryable ? `yes, after ${retryAfterSeconds} s` : "no";
		return `| \`${code}\` | ${status} | ${title} | ${detail} | ${retry} |`;
	});
	const table = ["| code | status | title | what happened, what to do | retry |", "|---|---|---|---|---|", ...rows].join("\n");
	return `${INTRODUCTION}\n${table}\n\n\`type\` is \`${problemType("not_found").replace("not_found", "<code>")}\`.\n`;
}
