/** Renders docs/errors.md from the problem table. */
import { REFRESH_GRACE_MS } from "@holdfast/database";
import { VIOLATIONS_NAMED_MAX } from "../plugins/malformed-request.ts";
import { EXACT_DETAILS, PROBLEM_CODES, problemSpec, problemType } from "./problems.ts";

const INTRODUCTION = `# Errors

Every error is \`application/problem+json\` (RFC 9457), except the 503 of the health routes. It has the standard fields
\`type\`, \`title\`, \`status\`, \`detail\` and \`instance\`, and these further fields:

- \`code\`: stable and never renamed. Decide by this field, not by \`title\` or \`detail\`, whose texts can change. Do not
  validate answers strictly: fields, codes and values may be added. Handle an unknown code by its status.
- \`retryable\`: whether to send the same request again automatically after \`Retry-After\`. False also for errors that can
  end later, such as \`not_on_sale\` before the start of sales, and for \`internal\`.
- \`requestId\`: also in the \`x-request-id\` header of every answer. Give it when you report an error.
- \`errors\`: only with \`invalid_request\` and \`invalid_plan\`. Each entry is \`{ pointer, message }\`. The pointer is a JSON Pointer into the
  body, and empty for the whole body. For other parts of the request it begins with \`/path\`, \`/query\` or \`/headers\`; no
  body has fields with these names. Only one of path, query, headers and body is reported at a time, so further entries
  can follow after a correction. Invalid UTF-8 and unpaired surrogates are reported in \`errors\` too, at most ${VIOLATIONS_NAMED_MAX} of them.
- \`seats\`: only with \`seats_taken\` and \`unknown_seats\`: labels of the seats that are not available or do not exist.
- \`totals\`: only with \`invalid_plan\`: how many errors of each kind the plan has. \`errors\` then lists the first 100 of each
  kind, and its entries have the \`kind\` too.
- \`tiers\`: only with \`unknown_tiers\`: ids of tiers that have no price, or that the seat plan does not have.
- \`counts\`: only with \`has_bookings\`: how many showtimes, live holds and sold bookings stand in the way.
- \`count\`: only with \`has_showtimes\`: how many showtimes are to come.
- \`salesOpenAt\`: only with \`not_on_sale\`: when sales open, if they have not opened yet, otherwise null.

\`title\`, \`detail\` and the messages in \`errors\` are English, for developers. Show users your own text for each code.
The OpenAPI document (\`packages/client/openapi.json\`) lists the codes of each operation.

The status shows the kind of error:

| status | meaning |
|---|---|
| 400, 413, 415 | the request itself is invalid |
| 401 | the request has no valid credentials |
| 403 | the account lacks the role that the request needs, or is blocked |
| 404 | the resource does not exist, or belongs to another user: both are answered alike |
| 409 | the current state does not allow the request |
| 410 | the hold has expired |
| 412 | the booking does not have the version of \`If-Match\` |
| 422 | a well-formed request whose content must be changed |
| 429 | too many requests: wait, then send the request again |
| 500 | the server failed: a change may or may not have been made |
| 503 | except \`outcome_unknown\`: nothing changed; wait, then send the request again |

A 503 without a \`code\`, except that of the health routes, comes from a proxy: treat it as no answer. A change may or may
not have been made.

## Retries

Every retryable answer has the header \`Retry-After\`. The table lists its usual value; obey the header. For a 429 the
value depends on the limit: about 1 s for the requests of a user, up to 60 s for sign-ins, up to 3,600 s for holds.

After \`outcome_unknown\`, send the same request again; its answer shows the outcome.

- Confirm and cancel are always safe to repeat. If the repeat is not answered 200, read the booking.
- Placing a hold is safe to repeat with the same \`Idempotency-Key\`. Without a key, the repeat is answered
  \`seats_taken\`.
- If the repeat of a registration is answered \`email_taken\`, the e-mail address has an account, probably from the
  first request: sign in with the same password. If that is answered \`invalid_credentials\`, the account existed
  before.
- A sign-in can be repeated, like a registration, also after no answer. A session that the first request may have opened
  is never used.
- A sign-out can be repeated for up to 30 s. If it is answered \`unauthenticated\`, refresh once and repeat it with the
  new access token. A second 401 means that the session has ended.
- Treat a refresh as unanswered after 4 s. It can be repeated for ${REFRESH_GRACE_MS / 1000} s, counted from when the server processed the first
  request, unless its new refresh token was used already. A later repeat ends the session. After 429, \`unavailable\`
  and \`overloaded\` the refresh token is still good.

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
prices changed during the request. After \`busy\` in answer to a hold, compare the \`total\` of the hold with the price that
you showed before you confirm.

\`not_on_sale\` and \`showtime_closed\`:

- A new hold is answered \`not_on_sale\` before \`salesOpenAt\`, while \`state\` is \`paused\`, and from \`salesCloseAt\` until
  \`endsAt\`. Before \`salesOpenAt\`, also while \`state\` is \`paused\`, the problem has \`salesOpenAt\`; if sales open within the
  hour, it has \`Retry-After\` too. It is not retryable all the same: a client must not keep the request until then, but
  let the user choose seats again. A hold is answered \`showtime_closed\` if \`state\` is \`closed\`, and from \`endsAt\` on.
- A confirm or cancel is never answered \`not_on_sale\`. It is answered \`showtime_closed\` only for a hold whose showtime
  is over and whose live seats are deleted: the hold can no longer be changed, and expires.
- The seats and the seat stream are answered \`showtime_closed\` once the showtime is over and its live seats are deleted:
  do not read them again.

These cases have a more exact \`detail\`:

${exactTable}

The \`type\` of a problem is \`${problemType("not_found").replace("not_found", "<code>")}\`.

This page is generated from the problem table: \`pnpm --filter @holdfast/api errors-doc\`.
`;
}
