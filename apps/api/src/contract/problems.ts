/**
 * The table of problems: every error code of the API with its HTTP status, its texts, and whether a retry of the same request can
 * succeed. A code is never renamed. A new code is added together with the first route that answers it. docs/errors.md and the
 * OpenAPI document are generated from this table.
 */

/** An entry of the problem table. */
export type ProblemSpec = {
	readonly status: number;
	/** The same text for every occurrence (`title` in RFC 9457). */
	readonly title: string;
	/** What happened, whether anything changed, and what to do next. A route may send a more exact `detail` instead. */
	readonly detail: string;
	/** Whether the same request, sent again unchanged, may succeed later. */
	readonly retryable: boolean;
	/** Value of `Retry-After`; a route may send a more exact one. Every 429 and 503 has one. */
	readonly retryAfterSeconds?: number;
};

/** The table, by code. Its order is the order of docs/errors.md. */
export const PROBLEMS = {
	invalid_request: {
		status: 400,
		title: "Invalid request",
		detail:
			"The request does not match the API contract; `errors` lists what is invalid. Nothing was changed; correct the request " +
			"and send it again.",
		retryable: false,
	},
	unauthenticated: {
		status: 401,
		title: "Not signed in",
		detail:
			"The request has no valid access token in `Authorization: Bearer`. Nothing was changed; refresh the session or sign in, " +
			"then send it again.",
		retryable: false,
	},
	invalid_credentials: {
		status: 401,
		title: "Wrong e-mail or password",
		detail: "The e-mail address or the password is wrong. No session was opened; correct them and try again.",
		retryable: false,
	},
	not_found: {
		status: 404,
		title: "Not found",
		detail:
			"The resource does not exist or you cannot access it. Nothing was changed; check the id and the account you are signed in " + "with.",
		retryable: false,
	},
	email_taken: {
		status: 409,
		title: "E-mail already registered",
		detail: "A user with this e-mail address already exists. No account was created; sign in instead.",
		retryable: false,
	},
	seats_taken: {
		status: 409,
		title: "Seats not available",
		detail: "The seats listed in `seats` are not available. No seats were held; choose other seats.",
		retryable: false,
	},
	seat_limit: {
		status: 409,
		title: "Seat limit reached",
		detail:
			"With these seats you would exceed the number of seats that one user may hold or own at this showtime. No seats were " +
			"held; choose fewer seats.",
		retryable: false,
	},
	hold_limit: {
		status: 409,
		title: "Hold limit reached",
		detail:
			"You already have the maximum number of open holds at this showtime. No seats were held; confirm or release one of them " + "first.",
		retryable: false,
	},
	not_on_sale: {
		status: 409,
		title: "Not on sale",
		detail:
			"Seats of this showtime are not on sale now. No seats were held; see `state`, `salesOpenAt` and `salesCloseAt` of the showtime.",
		retryable: false,
	},
	showtime_closed: {
		status: 409,
		title: "Showtime closed",
		detail: "This showtime is closed or over. Nothing was changed; choose another showtime.",
		retryable: false,
	},
	showtime_cancelled: {
		status: 409,
		title: "Showtime cancelled",
		detail: "This showtime was cancelled and will not take place. Nothing was changed; choose another showtime.",
		retryable: false,
	},
	showtime_started: {
		status: 409,
		title: "Showtime already started",
		detail: "A confirmed booking can be cancelled only before its showtime starts. The booking was not changed and remains confirmed.",
		retryable: false,
	},
	booking_state: {
		status: 409,
		title: "Booking cannot be confirmed",
		detail: "The booking was cancelled or released, so it can no longer be confirmed. Nothing was changed; place a new hold.",
		retryable: false,
	},
	hold_expired: {
		status: 410,
		title: "Hold expired",
		detail: "The hold expired before it was confirmed. The booking was not confirmed and no longer holds its seats; place a new hold.",
		retryable: false,
	},
	version_mismatch: {
		status: 412,
		title: "Booking version mismatch",
		detail:
			"The booking does not have the version that `If-Match` names. Nothing was changed; read the booking again and decide " +
			"whether to send the request with its current version.",
		retryable: false,
	},
	payload_too_large: {
		status: 413,
		title: "Request body too large",
		detail: "The request body is larger than the API accepts. Nothing was changed; send a smaller body.",
		retryable: false,
	},
	unsupported_media_type: {
		status: 415,
		title: "Unsupported media type",
		detail:
			"The request body must be JSON in UTF-8. Nothing was changed; send it with `Content-Type: application/json` and without " +
			"`Content-Encoding`.",
		retryable: false,
	},
	unknown_seats: {
		status: 422,
		title: "Unknown seats",
		detail: "The seat plan has no seats with the labels listed in `seats`. No seats were held; spell labels exactly as in the seat map.",
		retryable: false,
	},
	idempotency_mismatch: {
		status: 422,
		title: "Idempotency key reused",
		detail:
			"This `Idempotency-Key` was already used for other seats of this showtime. No seats were held; send a new key for a new booking.",
		retryable: false,
	},
	too_many_requests: {
		status: 429,
		title: "Too many requests",
		detail: "The rate limit is exceeded, so the request was not processed. Send it again after `Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 60,
	},
	internal: {
		status: 500,
		title: "Internal error",
		detail:
			"The server failed unexpectedly, and the request may or may not have taken effect. Read the resource to find out; quote " +
			"`requestId` when you report the error.",
		retryable: false,
	},
	recovering: {
		status: 503,
		title: "Showtime being prepared",
		detail: "The seats of this showtime are being loaded. Nothing was changed; send the same request again after `Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 1,
	},
	busy: {
		status: 503,
		title: "At capacity",
		detail:
			"The service is at capacity for this operation, or prices changed during the request. Nothing was changed; send the same " +
			"request again after `Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 2,
	},
	outcome_unknown: {
		status: 503,
		title: "Outcome unknown",
		detail:
			"The database did not answer in time, so the change may or may not have been made. Send the same request again after " +
			"`Retry-After` seconds to find out.",
		retryable: true,
		retryAfterSeconds: 1,
	},
	overloaded: {
		status: 503,
		title: "Overloaded",
		detail:
			"The server is handling its maximum number of requests or open streams. Nothing was changed; send the same request again " +
			"after `Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 3,
	},
	unavailable: {
		status: 503,
		title: "Unavailable",
		detail:
			"A database that this request needs cannot be reached. Nothing was changed; send the same request again after " +
			"`Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 2,
	},
} as const satisfies Record<string, ProblemSpec>;

/** The error codes of the API. */
export type ProblemCode = keyof typeof PROBLEMS;

/** Returns the table's entry for a code, typed so that `retryAfterSeconds` can be read. */
export const problemSpec = (code: ProblemCode): ProblemSpec => PROBLEMS[code];

/** Whether a text is one of the codes. */
export const isProblemCode = (text: string): text is ProblemCode => Object.hasOwn(PROBLEMS, text);

/** Every code, in the order of the table. */
export const PROBLEM_CODES: readonly ProblemCode[] = Object.keys(PROBLEMS).filter(isProblemCode);

/** Problems that any route with a request body may answer. */
export const BODY_PROBLEMS = ["invalid_request", "payload_too_large", "unsupported_media_type"] as const satisfies readonly ProblemCode[];

/** Problems that any route that uses Redis or Postgres may answer. */
export const STORE_PROBLEMS = ["internal", "unavailable"] as const satisfies readonly ProblemCode[];

/** Problems of a request for the user's own data: any route that requires a signed-in user may answer them. */
export const OWN_PROBLEMS = ["unauthenticated", "too_many_requests"] as const satisfies readonly ProblemCode[];

/** Problems that any route that opens a showtime first may answer. */
export const OPENING_PROBLEMS = [
	"not_found",
	"showtime_closed",
	"showtime_cancelled",
	"recovering",
] as const satisfies readonly ProblemCode[];

/** Returns the `type` of RFC 9457: a URN that names the kind of problem, not a URL to fetch. */
export const problemType = (code: ProblemCode): string => `urn:problem-type:holdfast:${code}`;
