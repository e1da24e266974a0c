/** Renders docs/errors.md from the problem table. */
import { REFRESH_GRACE_MS } from "@holdfast/database";
import { VIOLATIONS_NAMED_MAX } from "../plugins/malformed-request.ts";
import { EXACT_DETAILS, PROBLEM_CODES, problemSpec, problemType } from "./problems.ts";

const INTRODUCTION = `# Errors

Every error is \`application/problem+json\` (RFC 9457), except the 503 of the health routes. It has the standard fields
\`type\`, \`title\`, \`status\`, \`detail\` and \`instance\`, and these further fields:

- \`code\`: stable and never renamed. Decide by this field, not by \`title\` or \`detail\`, whose texts can change. A later
  release may add codes: handle an unknown code by its status.
- \`retryable\`: whether to send the same request again automatically after \`Retry-After\`. False also where a repeat
  could succeed after something else has happened, such as the start of sales.
- \`requestId\`: also in the \`x-request-id\` header of every answer. Give it when you report an error.
- \`errors\`: only with \`invalid_request\`. Each entry is \`{ pointer, message }\`. The pointer is a JSON Pointer into the
  body, and empty for the whole body. For other parts of the request it begins with \`/path\`, \`/query\` or \`/headers\`;
  no body has fields with these names. Only the first invalid part of the request is reported, so further entries can
  follow after a correction. Invalid UTF-8 and unpaired surrogates are reported in \`errors\` too, at most ${VIOLATIONS_NAMED_MAX} of them.
- \`seats\`: only with \`seats_taken\` and \`unknown_seats\`: labels of the seats that cannot be held.

\`title\`, \`detail\` and the messages in \`errors\` are English, for developers. Show users your own text for each code.
The OpenAPI document (\`packages/client/openapi.json\`) lists the codes of each operation.

The status shows the kind of error:

| status | meaning |
|---|---|
| 400, 413, 415 | the request itself is invalid |
| 401 | the request has no valid credentials |
| 404 | the resource does not exist, or belongs to another user: both are answered alike |
| 409 | the current state does not allow the request |
| 410 | the hold has expired |
| 412 | the booking does not have the version of \`If-Match\` |
| 422 | a well-formed request whose content must be changed |
| 429 | too many requests: wait, then send the request again |
| 500 | the server failed: a change may or may not have been made |
| 503 | except \`outcome_unknown\`: nothing changed; wait, then send the request again |

## Retries

Every retryable answer has the header \`Retry-After\`: always use the header. The table lists its value. For a 429 the
value depends on the limit: about 1 s for the requests of a user, up to 60 s for sign-ins, up to 3,600 s for holds.

After \`outcome_unknown\`, send the same request again; its answer shows the outcome.

- Confirm and cancel are always safe to repeat. If the repeat is not answered 200, read the booking.
- Placing a hold is safe to repeat with the same \`Idempotency-Key\`. Without a key, the repeat is answered
  \`seats_taken\`.
- If the repeat of a registration is answered \`email_taken\`, the e-mail address has an account, probably from the
  first request: sign in with the same password. If that is answered \`invalid_credentials\`, the account existed
  before.
- A sign-in can be repeated. A session that the first request may have opened is never used.
- A sign-out can be repeated. If the repeat is answered \`unauthenticated\`, the session has ended or the access token
  has expired.
- A refresh can be repeated for ${REFRESH_GRACE_MS / 1000} s, unless its new refresh token was used already. A later repeat ends the session.

## Codes
`;

/** Returns the page as Markdown. */
export function renderErrorsDoc(): string {
	const rows = PROBLEM_CODES.toSorted().map((code) => {
		const { status, title, detail, retryable, retryAfterSeconds } = problemSpec(code);
		const retry = !retryable ? "no" : status === 429 ? "yes, after 1 s to 1 h" : `yes, after ${retryAfterSeconds} s`;
		return `| \`${code}\` | ${status} | ${title} | ${detail} | ${retry} |`;
	});
	const table = ["| code | status | title | detail | retry |", "|---|---|---|---|---|", ...rows].join("\n");
	const exactRows = Object.values(EXACT_DETAILS).map(({ code, occasion, detail }) => `| \`${code}\` | ${occasion} | ${detail} |`);
	const exactTable = ["| code | answer to | detail |", "|---|---|---|", ...exactRows].join("\n");
	return `${INTRODUCTION}
${table}

\`busy\` means that too many requests wait for the same work (such as hashing passwords or recording bookings), or that
prices changed during the request.

These cases have a more exact \`detail\`:

${exactTable}

The \`type\` of a problem is \`${problemType("not_found").replace("not_found", "<code>")}\`.

This page is generated from the problem table: \`pnpm --filter @holdfast/api errors-doc\`.
`;
}
