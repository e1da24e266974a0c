/** What the OpenAPI document says before it lists the routes: the rules that all of them share. Markdown, as /docs shows it. */

export const INTRODUCTION = `Hold seats of a showtime, then confirm them. A hold is all of its seats or none, and ends by itself.

## In five requests

1. \`POST /api/v1/auth/register\`: an access token.
2. \`GET /api/v1/showtimes\`: what is on.
3. \`GET /api/v1/showtimes/{showtimeId}/seats\`: its seats, now.
4. \`POST /api/v1/bookings\` with \`{ showtimeId, seats }\` and an \`Idempotency-Key\`: they are yours until \`expiresAt\`.
5. \`POST /api/v1/bookings/{id}/confirm\`: they are sold to you.

## Errors

Every error is \`application/problem+json\` (RFC 9457). Decide by its \`code\`: codes are never renamed, titles and details may be. With
\`invalid_request\`, \`errors\` names each flaw; with \`seats_taken\` and \`unknown_seats\`, \`seats\` names them. A field that a request does
not know is refused, never dropped in silence. Text is UTF-8 and is never repaired: bytes that are not are 400, a body in another
charset is 415. "Not yours" and "not there" are the same 404.

## Asking again

Where \`retryable\` is true (every 503 and 429) the same request may succeed later: wait \`Retry-After\` seconds and a little more, by chance,
so that not everybody comes back at once. After \`outcome_unknown\`, or when no answer came, ask again to learn what happened: every
command answers its repeat as it answered the first time; placing a hold does with an \`Idempotency-Key\`, until an hour after the hold's
\`expiresAt\`, and registering answers \`email_taken\`.

An access token lasts 15 minutes. At \`unauthenticated\`, ask \`POST /api/v1/auth/refresh\` for the next one, once for all requests that wait
for it, and send those again. A refresh token is good once: keep the new one.

## Changing a booking

Every answer that is one booking has its \`version\` as \`ETag\`. With \`If-Match\` a confirm or cancel goes on only at that version: of a
confirm and a cancel that are sent together, exactly one succeeds. With \`Prefer: wait=5\` it is answered once the ledger has it, too.

## Clocks

Every answer carries \`x-server-time\`. Count down by the server's clock, and stop a second early: a hold ends at its instant, for the
map, the next buyer and a late confirm alike.

## Lists

Lists are paged by \`cursor\`: give the \`nextCursor\` of one page to get the next. Rows added meanwhile neither repeat nor skip any other.

## Names

Instants are ISO 8601 in UTC, money is integer minor units, ids are UUIDs. Every answer carries \`x-request-id\`: your own, if you sent
one of 8 to 64 letters, digits, \`-\` and \`_\`. Quote it in a report.`;

export const TAGS = [
	{ name: "auth", description: "Who is asking: register, sign in, stay signed in, sign out." },
	{ name: "movies", description: "The catalogue: what is on, what comes, what is over." },
	{ name: "showtimes", description: "When and where a movie is shown, and its seats as they are now." },
	{
		name: "bookings",
		description: "Hold seats, confirm them, give them back. A hold is a booking with status `pending`, and keeps its id.",
	},
	{ name: "health", description: "Whether it is up. For load balancers and people on call." },
];
