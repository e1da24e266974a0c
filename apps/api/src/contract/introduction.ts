/**
 * The text at the top of the OpenAPI document: the rules that all routes share. Markdown, rendered by the page at /docs. The tags
 * group the routes there.
 */

/** The `info.description` of the document. */
export const INTRODUCTION = `Hold seats of a showtime, then confirm the hold to buy them. A hold covers all requested seats or
none, and expires after a few minutes unless it is confirmed.

## A booking in five requests

1. \`POST /api/v1/auth/register\` creates a user and returns an access token.
2. \`GET /api/v1/showtimes\` lists the upcoming showtimes.
3. \`GET /api/v1/showtimes/{showtimeId}/seats\` returns the seats of one showtime and their statuses now.
4. \`POST /api/v1/bookings\` with \`{ showtimeId, seats }\` and an \`Idempotency-Key\` header holds seats until \`expiresAt\`.
5. \`POST /api/v1/bookings/{id}/confirm\` confirms the hold: the seats are sold.

## Errors

Every error is \`application/problem+json\` (RFC 9457). Base the handling of an error on its \`code\`: codes are never renamed,
while titles and details may change. \`detail\` says what happened, whether anything changed, and what to do next. With
\`invalid_request\`, \`errors\` lists every invalid value. With \`seats_taken\` and \`unknown_seats\`, \`seats\` lists the seats
that cannot be held.

Unknown fields and unknown query parameters are rejected, not ignored. Text must be UTF-8: other bytes are answered 400, and a
body that declares another charset is answered 415. A resource that does not exist and a resource of another user get the same
404.

## Retries

If \`retryable\` is true (for every 429 and 503), the same request may succeed later. Wait \`Retry-After\` seconds plus a random
extra time, so that clients do not all return at the same moment.

If the answer is \`outcome_unknown\`, or if no answer arrives, send the same request again to learn the outcome. A repeated
confirm or cancel gets the same answer as the first one. A repeated \`POST /api/v1/bookings\` gets the same booking if it
carries the same \`Idempotency-Key\`, until an hour after \`expiresAt\`. A repeated registration that is answered
\`email_taken\` means that the first one succeeded: sign in.

## Sessions

An access token is valid for 15 minutes. When a request is answered \`unauthenticated\`, send \`POST /api/v1/auth/refresh\` to
get new tokens, then send the request again. If several requests fail at the same time, refresh once for all of them. A refresh
token can be used once: store the new one before you do anything else.

## Changing a booking

Every answer that is one booking has the booking's \`version\` as its \`ETag\`. A confirm or cancel with \`If-Match\` changes
the booking only if it still has that version. If a confirm and a cancel with the same version are sent at the same time,
exactly one of them succeeds.

A confirm is answered as soon as Redis, the store of live seats, has accepted it. The ledger, the permanent record in Postgres,
has it a few tenths of a second later; the field \`recorded\` says whether it does. With \`Prefer: wait=5\` the answer waits for
the ledger.

## Clocks

Every answer has the server's time in the header \`x-server-time\`. Base countdowns on that clock, and end them one second
early: at \`expiresAt\` the hold is over, its seats are free for other users, and a confirm is answered \`hold_expired\`.

## Lists

Lists are paged with cursors: send the \`nextCursor\` of one page as \`cursor\` to get the next page. Entries that are added in
between do not repeat or skip other entries.

## Conventions

Instants are ISO 8601 in UTC, amounts of money are integers in minor units, and ids are UUIDs. Every answer has the header
\`x-request-id\`. To choose it yourself, send 8 to 64 letters, digits, \`-\` and \`_\` in that header. Quote it when you report
a problem.`;

/** The groups of routes, in the order of the document. */
export const TAGS = [
	{ name: "auth", description: "Register, sign in, refresh the session, sign out, and read the signed-in user." },
	{ name: "movies", description: "The catalogue of movies: showing now, coming soon, and ended." },
	{ name: "showtimes", description: "When and where a movie is shown, with its seats and their statuses now." },
	{
		name: "bookings",
		description: "Hold seats, confirm or release holds, cancel bookings. A hold is a booking with status `pending`; its id never changes.",
	},
	{ name: "health", description: "Whether the service works, for load balancers and operators." },
];
