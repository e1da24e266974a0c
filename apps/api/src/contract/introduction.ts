/**
 * The text at the top of the OpenAPI document: the rules that all routes share. Markdown, rendered by the page at /docs. Figures that
 * an operator can set are named as defaults. The tags group the routes of the document.
 */
import { ACCESS_TOKEN_TTL_SECONDS } from "@holdfast/accounts";
import { FAMILIES_PER_USER_MAX, FAMILY_LIFE_MAX_MS, REFRESH_GRACE_MS, REFRESH_TTL_MS } from "@holdfast/database";
import { DAY_MS, DEFAULT_LIMITS } from "@holdfast/domain";
import { DEFAULT_RATES } from "../rates.ts";
import { DEFAULT_WATCH_LIMITS } from "../showtimes/watch-limits.ts";
import { BODY_MAX_BYTES, PLAN_BODY_MAX_BYTES } from "./problems.ts";

const HOLD_MINUTES = DEFAULT_LIMITS.holdTtlMs / 60_000;
const figure = (number: number): string => number.toLocaleString("en-US");

/** The `info.description` of the document. */
export const INTRODUCTION = `A **hold** reserves seats of one showtime for one user, for ${HOLD_MINUTES} minutes by default. Confirm the hold to buy the seats.
A request holds all of the requested seats or none. A hold ends when it is confirmed or released, or when it expires.

A hold is a booking with status \`pending\`; its id never changes. A hold cannot be extended or changed. To choose
other seats, release the hold and place a new one; other users can take the seats in between. To add seats, place
another hold.

## A booking in five requests

1. \`POST /api/v1/auth/register\` creates a user and returns an access token. An existing user signs in with
   \`POST /api/v1/auth/login\`.
2. \`GET /api/v1/showtimes\` lists the upcoming showtimes. Seats can be held at those whose \`sales\` is \`open\`.
3. \`GET /api/v1/showtimes/{showtimeId}/seats\` returns the seats of one showtime with their current statuses.
4. \`POST /api/v1/bookings\` with \`{ showtimeId, seats }\` and the header \`Idempotency-Key\` holds the seats. \`seats\`
   lists the \`label\` of each seat; choose seats with status \`available\`. The answer has the \`id\` and \`expiresAt\` of
   the hold.
5. \`POST /api/v1/bookings/{id}/confirm\` with this \`id\` confirms the hold: the seats are sold to the user.

Requests 4 and 5 need the header \`Authorization: Bearer <access token>\`. Requests 2 and 3 need no token.

## Sessions

An access token is valid for ${ACCESS_TOKEN_TTL_SECONDS / 60} minutes. If a request is answered \`unauthenticated\`, send
\`POST /api/v1/auth/refresh\` once, then send the request again with the new access token. If several requests fail at the
same time, refresh once for all of them. If the refresh itself, or the request sent again, is answered
\`unauthenticated\`, the session has ended: discard both tokens and ask the user to sign in.

Each refresh returns a new refresh token and makes the old one useless, except to repeat a lost refresh. Store the new
refresh token before you use the new access token. A session ends ${REFRESH_TTL_MS / DAY_MS} days after its last
refresh, ${FAMILY_LIFE_MAX_MS / DAY_MS} days after the sign-in, or at sign-out, whichever comes first. A user has at
most ${FAMILIES_PER_USER_MAX} sessions: one more ends the oldest session.

## Changing a booking

Every answer that is one booking has the booking's \`version\` as its \`ETag\`. With \`If-Match\`, a confirm or cancel changes
the booking only if the booking has the version that the header names; otherwise the answer is 412. If a confirm and a
cancel name the same version, at most one succeeds. Repeat a request with the same \`If-Match\`: if the first request
succeeded, the repeat gets 200, not 412. For an expired hold \`If-Match\` is ignored: a confirm is answered 410, a DELETE
200 with \`expired\`.

\`status: confirmed\` means that the seats are sold to the user. In rare cases, after a loss of data, a confirmed booking
is cancelled later because its seats turned out to be sold already. \`recorded\` says whether the ledger (the permanent
record, in Postgres) has this version too, usually within a few tenths of a second. Show the booking as bought either
way. Send \`Prefer: wait=5\` only if the booking must survive even the loss of Redis, the store of live seats.

The staff of the cinema can confirm, cancel, revive and move a booking: its \`status\`, \`seats\` and \`refund\` may then
differ from an earlier answer.

## Retries

If \`retryable\` is true (for every 429 and 503, except those of the health routes), send the same request again. Wait
\`Retry-After\` seconds plus a random extra of up to half of that time, so that clients do not all return at once. Give
up 30 s after the first request. If \`Retry-After\` goes beyond these 30 s, do not wait: show the user when the request
is possible again. After too many holds \`Retry-After\` can be an hour.

Treat 15 s of silence, a broken connection, and a 502, 503 or 504 without a \`code\` as no answer: the server may have
processed the request. A GET, DELETE, confirm, or request with an \`Idempotency-Key\` can be sent again: wait 0.2 s, then
twice as long each time, at most 5 s. Give up after 30 s in all. Treat 500 \`internal\` as no answer too: although its
\`retryable\` is false, repeat once what these rules let you repeat.

- After \`outcome_unknown\`, the answer to the repeat shows the outcome.
- The repeat of a confirm or cancel that succeeded changes nothing. While the booking has not changed in between, the
  repeat is answered 200 like the first request; only \`recorded\` may differ. If it is answered otherwise,
  \`GET /api/v1/bookings/{id}\` shows the outcome.
- A refresh has its own times, 4 s and ${REFRESH_GRACE_MS / 1000} s: see \`POST /api/v1/auth/refresh\`. For a sign-out,
  see \`POST /api/v1/auth/logout\`.
- A registration or sign-in can be sent again after \`outcome_unknown\` and after no answer. After \`outcome_unknown\`,
  repeat it automatically; after no answer, let the user decide. If the repeat of a registration is answered
  \`email_taken\`, the e-mail address has an account, probably from the first request: sign in with the same password. If
  that is answered \`invalid_credentials\`, the account existed before.
- After \`busy\` in answer to a hold, prices may have changed: compare the \`total\` of the hold with the price that you
  showed before you confirm.

These rules do not apply to the seat stream, which has its own.

## Idempotency

Send a new \`Idempotency-Key\` with every hold. Until an hour after \`expiresAt\`, a repeat with the same key and seats
returns the same booking with its current status. If more than an hour has passed since you first sent it, look in
\`GET /api/v1/bookings\` instead of repeating. Without a key, a repeat after a lost answer is answered \`seats_taken\`,
because the first request holds the seats.

## Live seats

To show the live seats of a showtime, read \`GET /api/v1/showtimes/{showtimeId}/seats?view=status\`, the seat plan of the
\`planId\` in that answer (\`GET /api/v1/plans/{id}\`, which never changes), the prices from \`GET /api/v1/showtimes/{id}\`,
and the user's own seats from \`GET /api/v1/bookings?showtimeId=\`. Then open
\`GET /api/v1/showtimes/{showtimeId}/seats/stream\`. A client without streams polls \`view=status\` with \`If-None-Match\`
every 3 s. To learn of new prices or a new \`state\`, read the showtime again.

## Clocks

Every answer has the server's time in the header \`x-server-time\`. Compute an offset: \`x-server-time\` minus the time of
the device when the answer arrived. As a countdown, show \`expiresAt\` minus the time of the device minus the offset minus
1 s. A confirm that is sent at 0 arrives in time only if both ways (of the answer with the time to the device, and of
the confirm to the server) and the clock difference take less than 1 s together: stop offering Confirm a few seconds
earlier. The clock of Redis decides \`expiresAt\`, and \`x-server-time\` is the clock of an API server: that is the clock
difference. At \`expiresAt\` the hold ends: its seats are free for other users, and a confirm is answered \`hold_expired\`.

\`expiresInSeconds\` is for a simple countdown that compares no clocks: count down from it when the answer arrives.

## Limits

These are defaults, which the operator can change:

| limit | default |
|---|---|
| length of a hold | ${HOLD_MINUTES} minutes |
| seats of one booking (\`maxItems\` of \`seats\` is the highest value that an operator can set) | ${DEFAULT_LIMITS.seatsPerBookingMax} |
| seats that one user may hold or have bought at one showtime | ${DEFAULT_LIMITS.seatsPerUserMax} |
| holds of one user at one showtime at the same time | ${DEFAULT_LIMITS.liveHoldsPerUserMax} |
| holds that one user may place in an hour, released and expired ones included; showtimes may share the count | ${DEFAULT_LIMITS.holdsPerHourMax} |
| requests of one user to the routes of bookings | bursts of ${DEFAULT_RATES.userBurst}, refilled at ${DEFAULT_RATES.userRate} a second, per server process |
| requests of one user to \`/auth/me\` and \`/auth/logout\` | bursts of ${DEFAULT_RATES.userBurst}, refilled at ${DEFAULT_RATES.userRate} a second, per server process |
| attempts to register or sign in with one e-mail address | ${DEFAULT_RATES.authPerAccount} a minute |
| requests to register or sign in from one IP address | ${DEFAULT_RATES.authPerAddress} a minute |
| refreshes of sessions from one IP address | ${DEFAULT_RATES.refreshPerAddress} a minute |
| open seat streams of one showtime, per server process | ${figure(DEFAULT_WATCH_LIMITS.watchersPerShowtimeMax)} |

Beyond the limit of open streams a stream is answered 503. It is answered 429 only if the operator has limited the
streams of one IP address.

A request body may have at most ${BODY_MAX_BYTES / 1024} KiB, one that adds a seat plan ${PLAN_BODY_MAX_BYTES / 1024 / 1024} MiB; the operator cannot change this.

## Errors

Every error is \`application/problem+json\` (RFC 9457), except the 503 of the health routes. Decide by \`code\`. Codes are
never renamed; titles and details can change. Do not validate answers strictly: fields, codes and values may be added.
Ignore an unknown field, handle an unknown \`code\` by its status, and treat an unknown seat status as not available.
\`title\`, \`detail\` and \`errors[].message\` are English, for developers: show your own text for each \`code\`.

Unknown fields and unknown query parameters are rejected, not ignored. Send text as UTF-8: invalid UTF-8 is answered
400, and a \`charset\` other than UTF-8 is answered 415. A request for another user's booking gets the same 404 as a
request for one that does not exist. A malformed id in a path is answered 404 like an unknown one.

## Lists and conventions

Lists are paged with cursors: send the \`nextCursor\` of one page as \`cursor\`, with the same filters, to get the next
page. A cursor is opaque and does not expire. A page can have fewer items than \`limit\`, even none, and still not be the
last one: continue until \`nextCursor\` is null. If entries are added while you read the pages, no other entry is repeated
or skipped. An entry that cannot be read because of a server error is left out.

Times are ISO 8601 in UTC, amounts of money are integers in the smallest unit of the currency, and ids are UUIDs.
Every answer has the header \`x-request-id\`; give this id when you report an error. You can choose it: send 8 to 64
letters, digits, \`-\` and \`_\` in that header. Any other value is replaced.

## Not in this version

- Payment and tickets for the door. The API takes no money and issues no tickets; \`refund\` of a booking says what the cinema
  owes, and paying it back happens outside.
- Password reset, changes of a user's data, verification of e-mail addresses, sign-out on all devices, and deletion
  of an account by its user. An operator can delete an account.
- Reports and the management of users. What staff can do is under the tag \`admin\`.
- Venues: a showtime names its auditorium and time zone only.
- Push messages. To learn that a booking was cancelled with its showtime, or that its showtime was moved, read
  \`GET /api/v1/bookings/{id}\`.`;

/** The groups of routes, in the order of the document. */
export const TAGS = [
	{ name: "auth", description: "Register, sign in, refresh the session, sign out, and read the signed-in user." },
	{ name: "movies", description: "The catalogue of movies: showing now, coming soon, and ended." },
	{ name: "showtimes", description: "When and where a movie is shown, with its seats and their current statuses." },
	{ name: "bookings", description: "Hold seats, confirm or release holds, cancel bookings." },
	{ name: "admin", description: "For the staff of the cinema: what is shown, where, when and at what price. Needs the role `admin`." },
	{ name: "health", description: "Whether the service works. For operators and load balancers: an app needs none of these routes." },
];
